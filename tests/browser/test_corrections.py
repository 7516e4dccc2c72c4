"""Naming, moving, merging, splitting and tagging on the page."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from selavi.label.names import read_names
from tests.browser.pages import HOSTILE, open_cluster, rename, saved, select
from tests.browser.watched import titles, visible

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def test_names_are_shown_found_and_text(page: Any) -> None:
    assert titles(page) == ["Dogs, barking", "Cluster 1", HOSTILE]
    page.locator("#search").fill("BARK")
    expect(page.locator(".card h2")).to_have_text(["Dogs, barking"])
    assert page.evaluate("typeof hacked") == "undefined"


def test_a_name_is_changed_kept_and_saved_as_names_csv(page: Any, tmp_path: Path) -> None:
    rename(page, 1, "  Cats;  =1+1 ")
    expect(page.locator(".card h2")).to_have_text(["Dogs, barking", "Cats; =1+1", HOSTILE])
    expect(page.locator(".card[data-cluster='1'] .rename")).to_be_focused()
    rename(page, 0, "never", "Escape")
    page.reload()
    expect(page.locator(".card h2")).to_have_text(["Dogs, barking", "Cats; =1+1", HOSTILE])
    page.get_by_role("link", name="Corrections").click()
    assert visible(page, ".changes li") == ["Cluster 1 is called Cats; =1+1Take back"]
    (tmp_path / "names.csv").write_text(saved(page, "Save names.csv"), encoding="utf-8")
    assert read_names(tmp_path / "names.csv", 2) == {
        0: "Dogs, barking", 1: "Cats; =1+1", 3: HOSTILE
    }  # fmt: skip
    page.get_by_role("button", name="Take back").click()
    assert visible(page, ".nothing") == ["There are no corrections."]


def test_clips_are_moved_and_undone(page: Any) -> None:
    open_cluster(page, 0)
    select(page, [0, 1])
    expect(page.locator(".selection output")).to_have_text("2 clips selected")
    page.get_by_role("button", name="Not this").click()
    expect(page.locator(".tile")).to_have_count(4)
    select(page, [3])
    page.get_by_label("Move to").select_option("1")
    expect(page.locator(".tile")).to_have_count(3)
    page.get_by_role("link", name="All clusters").click()
    expect(page.locator(".card .facts").first).to_contain_text("4 clips")  # cluster 1
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".card .facts").first).to_contain_text("6 clips")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(".card .facts").first).to_contain_text("4 clips")


def test_a_range_becomes_a_new_cluster_and_clusters_merge(page: Any) -> None:
    open_cluster(page, 0)
    select(page, [1])
    page.locator(".tile").nth(3).click(modifiers=["Shift"])
    page.get_by_role("button", name="New cluster").click()
    expect(page.locator("main h1")).to_have_text("Cluster 4")
    expect(page.locator(".tile")).to_have_count(3)
    page.get_by_label("Merge into").select_option("3")
    expect(page.locator("main h1")).to_have_text(HOSTILE)
    expect(page.locator(".tile")).to_have_count(6)


def test_an_open_clip_is_corrected_and_the_next_one_follows(page: Any, page_file: Path) -> None:
    ids = pd.read_csv(page_file.parent / "train.csv")["id"].tolist()
    open_cluster(page, 0)
    page.locator(".tile").first.click()
    dialog = page.locator("dialog.clip")
    expect(dialog.locator(".eyebrow")).to_contain_text("clip 1 of 6")
    page.keyboard.press("x")
    expect(dialog.locator(".eyebrow")).to_contain_text("clip 1 of 5")
    assert f"clip={ids[1]}" in page.url
    dialog.get_by_label("Tag", exact=True).fill("x j")  # no keys of the page in a field
    page.keyboard.press("Enter")
    expect(dialog.locator(".chips")).to_have_text("x-j")
    dialog.get_by_label("Move to").focus()
    dialog.get_by_label("Move to").select_option("1")
    expect(dialog.locator(".eyebrow")).to_contain_text("clip 1 of 4")
    page.keyboard.press("Control+z")  # in a list, too
    expect(dialog.locator(".eyebrow")).to_contain_text("of 5")
    page.keyboard.press("Control+y")
    expect(dialog.locator(".eyebrow")).to_contain_text("clip 1 of 4")
    assert f"clip={ids[2]}" in page.url
    page.goto(page_file.as_uri() + f"#/cluster/1?clip={ids[1]}")
    expect(dialog.locator(".clip-edits .aside")).to_contain_text("the model says Dogs, barking")
    dialog.locator(".chips button").click()
    expect(dialog.locator(".chips")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".tile")).to_have_count(4)


def test_what_was_split_twice_is_taken_back_in_any_order(page: Any) -> None:
    open_cluster(page, 0)
    select(page, [1, 2, 3])
    page.get_by_role("button", name="New cluster").click()
    expect(page.locator("main h1")).to_have_text("Cluster 4")
    select(page, [0])
    page.get_by_role("button", name="New cluster").click()
    expect(page.locator("main h1")).to_have_text("Cluster 5")
    page.get_by_role("link", name="Corrections").click()
    split = page.locator(".changes li", has_text="is split off")
    split.filter(has_text="Cluster 4 is split").get_by_role("button").click()
    expect(split).to_have_count(1)
    page.get_by_role("link", name="Clusters", exact=True).click()
    open_cluster(page, 5)
    merge = page.get_by_label("Merge into")
    names = merge.locator("option").all_inner_texts()
    assert names == ["Merge into …", "Dogs, barking", "Cluster 1", "Cluster 2", HOSTILE]
    page.get_by_role("link", name="Corrections").click()
    split.get_by_role("button").click()
    expect(page.locator(".nothing")).to_be_visible()
    page.get_by_role("link", name="Clusters", exact=True).click()
    expect(page.locator(".card .facts").first).to_contain_text("6 clips")


def test_a_merged_cluster_says_where_its_clips_are(page: Any) -> None:
    open_cluster(page, 1)
    page.get_by_label("Merge into").select_option("3")
    page.go_back()
    expect(page.locator("main h1")).to_have_text("Cluster 1")
    expect(page.locator(".page-head")).to_contain_text("You merged this cluster into")
    page.locator(".page-head p a", has_text="img").click()
    expect(page.locator(".tile")).to_have_count(6)


def test_sizes_say_that_every_clip_was_taken_out(page: Any) -> None:
    for number in (0, 1, 3):
        open_cluster(page, number)
        page.get_by_role("button", name="Select", exact=True).click()
        page.get_by_role("button", name="Select all").click()
        page.locator(".selection").get_by_role("button", name="Not this").click()
        page.get_by_role("link", name="Clusters", exact=True).click()
    page.get_by_role("link", name="Sizes").click()
    expect(page.locator("main .nothing")).to_have_text(
        "No clip is in a cluster: all were taken out."
    )
