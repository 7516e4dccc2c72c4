"""Corrections and selections as files: saved, opened, applied by the commands, kept."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from selavi.label.correct import correct
from selavi.reporting.explorer import make_explorer
from tests.browser.pages import CLUSTERS, HOSTILE, make_page, open_cluster, rename, saved, select
from tests.browser.watched import Watched, visible

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def test_corrections_are_saved_and_opened_again(page: Any, page_file: Path, tmp_path: Path) -> None:
    rename(page, 1, "cats")
    open_cluster(page, 0)
    select(page, [0])
    page.get_by_label("Tag", exact=True).fill("very loud")
    page.keyboard.press("Enter")
    expect(page.locator(".tags")).to_have_text(["very-loud"])
    select(page, [5])
    page.get_by_label("Move to").select_option("1")
    page.get_by_role("link", name="Corrections").click()
    text = saved(page, "Save corrections.json")
    table = pd.read_csv(page_file.parent / "train.csv")
    content = json.loads(text)
    assert content["format"] == "selavi corrections 1"
    assert (content["head"], content["clusters"]) == (2, 4)
    assert content["names"] == [{"cluster": 1, "name": "cats"}]
    assert content["moved"] == [{"clip": table["id"][5], "from": 0, "to": 1}]
    assert content["tags"] == [{"clip": table["id"][0], "tags": ["very-loud"]}]
    members = {part["cluster"]: part["clips"] for part in content["members"]}
    assert members == {0: table["id"][:6].tolist(), 1: table["id"][6:9].tolist()}

    page.get_by_role("button", name="Discard all").click()
    expect(page.locator(".nothing")).to_be_visible()
    (tmp_path / "corrections.json").write_text(text)
    page.get_by_label("Open corrections.json").last.set_input_files(tmp_path / "corrections.json")
    expect(page.locator(".changes li")).to_have_count(3)
    (tmp_path / "bad.json").write_text("[]")
    page.get_by_label("Open corrections.json").last.set_input_files(tmp_path / "bad.json")
    expect(page.locator(".trouble")).to_contain_text("not of the format")
    expect(page.locator(".changes li")).to_have_count(3)


def test_corrections_of_another_training_are_not_applied(
    browser: Any, twelve_clips: Path, tmp_path: Path
) -> None:
    first = make_page(twelve_clips, tmp_path / "page", CLUSTERS, "")
    context = browser.new_context()
    page = context.new_page()
    page.goto(first.as_uri())
    rename(page, 1, "cats")
    make_page(twelve_clips, tmp_path / "page", [3] * 6 + [0] * 3 + [1] * 3, "")
    page.reload()
    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator(".card h2")).to_have_text(["Cluster 3", "Cluster 0", "Cluster 1"])
    expect(page.get_by_role("alert")).to_contain_text("These corrections are of other clusters")
    page.get_by_role("alert").get_by_role("button", name="Close").click()
    rename(page, 0, "horses")  # which does not replace the earlier ones
    page.reload()
    page.get_by_role("link", name="Corrections").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert visible(page, ".changes li") == ["Cluster 0 is called horsesTake back"]
    content = json.loads(saved(page, "Save earlier corrections"))
    assert content["names"] == [{"cluster": 1, "name": "cats"}]
    (tmp_path / "earlier.json").write_text(json.dumps(content))
    table = correct(
        [tmp_path / "page/train.csv"], tmp_path / "earlier.json", tmp_path / "out.csv", clusters=4
    )
    assert len(table) == 12  # the command takes the file
    page.get_by_role("button", name="Forget them").click()
    expect(page.locator(".trouble")).to_have_count(0)
    page.reload()
    expect(page.locator(".changes li")).to_have_count(1)
    expect(page.locator(".trouble")).to_have_count(0)
    context.close()


def test_two_tabs_keep_the_same_corrections(browser: Any, page_file: Path) -> None:
    context = browser.new_context()
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(page_file.as_uri())
        expect(tab.locator(".rename")).to_have_count(3)
    rename(tabs[0], 1, "cats")
    expect(tabs[1].locator(".card h2").nth(1)).to_have_text("cats")
    rename(tabs[1], 0, "dogs")
    expect(tabs[0].locator(".card h2").first).to_have_text("dogs")
    tabs[0].keyboard.press("Control+z")
    expect(tabs[1].locator(".card h2").first).to_have_text("Dogs, barking")
    tabs[1].reload()
    expect(tabs[1].locator(".card h2")).to_have_text(["Dogs, barking", "cats", HOSTILE])
    context.close()


def test_a_full_storage_is_told_where_the_correction_is_made(page: Any) -> None:
    page.evaluate(
        """() => {
            for (let size = 1 << 22, n = 0; size; size >>= 1)
                try { for (;;) localStorage.setItem(`full${n++}`, 'x'.repeat(size)); } catch { n; }
        }"""
    )
    rename(page, 1, "cats")
    expect(page.get_by_role("alert")).to_contain_text("does not keep the corrections")
    page.evaluate("localStorage.clear()")


def test_a_page_goes_on_from_the_corrections_it_was_made_with(
    browser: Any, twelve_clips: Path, tmp_path: Path
) -> None:
    first = make_page(twelve_clips, tmp_path / "page", CLUSTERS, "")
    ids = pd.read_csv(tmp_path / "page/train.csv")["id"].tolist()
    given = {
        "format": "selavi corrections 1", "title": "mine", "head": 2, "clusters": 4,
        "names": [{"cluster": 1, "name": "cats"}, {"cluster": 5, "name": HOSTILE}],
        "merged": [{"from": 3, "into": 1}], "new": [{"cluster": 5, "from": 0}],
        "moved": [
            {"clip": ids[0], "from": 0, "to": 5}, {"clip": ids[1], "from": 0, "to": None},
        ],
        "tags": [{"clip": ids[2], "tags": ["loud"]}],
        "members": [{"cluster": 0, "clips": ids[:6]}],
    }  # fmt: skip
    file = tmp_path / "corrections.json"

    def make_again() -> None:
        file.write_text(json.dumps(given))
        splits = [(tmp_path / "page/train.csv", twelve_clips)]
        make_explorer(splits, first, title="mine", clusters=4, corrections=file)

    make_again()
    watched = Watched(browser, first)
    page = watched.page
    expect(page.locator(".card h2")).to_have_text(["cats", "Cluster 0", HOSTILE])
    assert visible(page, ".card .facts span:last-child") == ["6 clips", "4 clips", "1 clip"]
    printed = first.read_text("utf-8").split('<section class="static">')[1]
    assert "cats" in printed.split("<script")[0]

    # What is changed here is kept, until the page is made with other corrections.
    rename(page, 0, "dogs")
    page.reload()
    expect(page.locator(".card h2")).to_have_text(["cats", "dogs", HOSTILE])
    make_again()
    page.reload()
    expect(page.locator(".card h2")).to_have_text(["cats", "dogs", HOSTILE])
    given["names"] = [{"cluster": 1, "name": "lions"}]
    make_again()
    page.reload()
    expect(page.locator(".card h2")).to_have_text(["lions", "Cluster 0", "Cluster 5"])
    page.get_by_role("link", name="Corrections").click()
    expect(page.locator(".trouble")).to_contain_text("made again with other corrections")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("link", name="Clusters", exact=True).click()
    expect(page.locator(".card h2")).to_have_text(["cats", "dogs", HOSTILE])
    page.get_by_role("link", name="Corrections").click()
    page.get_by_role("button", name="Discard all").click()
    page.reload()
    expect(page.locator(".nothing")).to_have_text("There are no corrections.")
    watched.finish()


def test_the_page_and_the_commands_correct_alike(
    page: Any, page_file: Path, tmp_path: Path
) -> None:
    open_cluster(page, 0)
    select(page, [1, 2])
    page.get_by_role("button", name="New cluster").click()
    expect(page.locator("main h1")).to_have_text("Cluster 4")
    page.get_by_role("link", name="All clusters").click()
    open_cluster(page, 1)
    select(page, [0])
    page.get_by_label("Move to").select_option("0")
    select(page, [0])
    page.get_by_role("button", name="Not this").click()
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_label("Merge into").select_option("3")
    expect(page.locator(".tile")).to_have_count(4)
    page.get_by_role("link", name="All clusters").click()
    shown = {
        int(card.get_attribute("data-cluster")): int(
            card.locator(".facts span").last.inner_text().split()[0]
        )
        for card in page.locator(".card").all()
    }
    page.get_by_role("link", name="Corrections").click()
    (tmp_path / "corrections.json").write_text(saved(page, "Save corrections.json"))
    table = correct(
        [page_file.parent / "train.csv"], tmp_path / "corrections.json", tmp_path / "out.csv",
        clusters=4,
    )  # fmt: skip
    sizes = table.loc[table["cluster"] >= 0, "cluster"].value_counts().to_dict()
    assert shown == sizes == {0: 5, 3: 4, 4: 2}
    page.locator(".changes li", has_text="is merged into").get_by_role("button").click()
    page.get_by_role("link", name="Clusters", exact=True).click()
    expect(page.locator(".card[data-cluster='1'] .facts")).to_contain_text("1 clip")


def test_a_selection_is_saved_for_other_programs(page: Any) -> None:
    open_cluster(page, 1)
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all 3").click()
    rows = saved(page, "CSV").splitlines()
    assert rows[0] == "\ufeffid,path,start,end,cluster,name,class,margin,tags"
    assert [row.split(",")[1] for row in rows[1:]] == ['"6.mp4"', '"7.mp4"', '"8.mp4"']
    tasks = json.loads(saved(page, "Label Studio"))
    assert [task["data"]["path"] for task in tasks] == ["6.mp4", "7.mp4", "8.mp4"]
    samples = json.loads(saved(page, "FiftyOne"))["samples"]
    assert [sample["cluster"]["label"] for sample in samples] == ["cluster 1"] * 3
