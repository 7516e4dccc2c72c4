"""The explorer page in a real browser, opened as a file: what a person sees, hears and types."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selavi.data.schema import read_index
from selavi.data.sources.clip_table import ClipTable
from selavi.files import write_csv
from selavi.reporting.explorer import make_explorer
from tests.browser.watched import Watched, titles, visible, wait

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

HOSTILE = """<img src=x onerror="hacked=1">'</script>"""
CLASSES = ["0 bell", "1 siren", HOSTILE]
# Cluster 0 is nearly pure, 1 pure, 2 empty, and 3 has one clip of each class.
CLUSTERS = [0, 0, 0, 0, 0, 0, 1, 1, 1, 3, 3, 3]
LABELS = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 0, 1]


@pytest.fixture(scope="module")
def page_file(twelve_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("explorer")
    table = read_index(twelve_clips)[["sample", "id", "key", "path"]]
    table["label"] = [CLASSES[place] for place in LABELS]
    table["key"] = [f"clip {n:02d} {label}.mp4" for n, label in enumerate(table["label"])]
    table["cluster"] = CLUSTERS
    table["confidence"] = np.linspace(0.95, 0.4, len(table))
    write_csv(root / "assignments.csv", table)
    # A folder whose name would be changed by a careless address.
    page = root / "run #1 ?é%20" / "index.html"
    make_explorer([(root / "assignments.csv", twelve_clips)], page, title=HOSTILE)
    return page


@pytest.fixture
def page(browser: Any, page_file: Path) -> Iterator[Any]:
    watched = Watched(browser, page_file, viewport={"width": 1280, "height": 900})
    yield watched.page
    watched.finish()


def test_shows_a_card_for_each_cluster_with_clips(page: Any) -> None:
    assert titles(page) == ["Cluster 0", "Cluster 1", "Cluster 3"]
    assert visible(page, ".count") == ["6 clips", "3 clips", "3 clips"]
    assert visible(page, ".facts dt") == ["clips", "clusters", "with clips", "classes"]
    assert visible(page, ".facts dd") == ["12", "4", "3", "3"]
    assert visible(page, "#empty-clusters") == ["No clip fell into cluster 2."]
    assert visible(page, ".card:first-child .value") == ["83.3%", "0.82", "6"]
    assert page.locator(".tile").count() == 12
    wait(page, "[...document.images].every((image) => image.naturalWidth === 48)")


def test_names_are_text(page: Any) -> None:
    assert page.locator("h1").inner_text() == HOSTILE
    page.locator("#filter").fill("onerror")
    assert titles(page) == ["Cluster 3"]
    page.locator(".tile:visible").click()
    assert page.locator("#large-name").inner_text() == HOSTILE
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator("img[src=x]").count() == 0


def test_marks_clips_of_another_class(page: Any) -> None:
    others = page.locator(".tile.other")
    assert others.count() == 3  # the siren among the bells, and two of the cluster of one each
    assert "1 siren, not the commonest class" in others.first.get_attribute("aria-label")


def test_filters_by_class_file_and_number(page: Any) -> None:
    box = page.locator("#filter")
    box.fill("SIREN")
    assert titles(page) == ["Cluster 0", "Cluster 1", "Cluster 3"]
    assert page.locator(".tile:visible").count() == 5
    assert page.locator("#status").inner_text() == "Showing 5 clips in 3 clusters"
    assert visible(page, ".note")[0] == "1 of 6 clips has a matching class"
    box.fill("clip 07")
    assert titles(page) == ["Cluster 1"]
    box.fill("#3")
    assert titles(page) == ["Cluster 3"]
    assert page.locator(".tile:visible").count() == 3
    box.fill("nowhere")
    assert titles(page) == []
    page.get_by_role("button", name="Clear the filter").click()
    assert len(titles(page)) == 3
    page.locator("#class-list .chip", has_text="0 bell").click()
    assert titles(page) == ["Cluster 0", "Cluster 3"]
    assert page.locator("#class-list [aria-pressed=true]").inner_text() == "0 bell"


def test_sorts_both_ways(page: Any) -> None:
    page.get_by_label("Sort by").select_option("purity")
    assert titles(page) == ["Cluster 1", "Cluster 0", "Cluster 3"]
    page.get_by_role("button", name="Reverse the order").click()
    assert titles(page) == ["Cluster 3", "Cluster 0", "Cluster 1"]
    page.get_by_label("Sort by").select_option("confidence")
    assert titles(page) == ["Cluster 3", "Cluster 1", "Cluster 0"]


def test_clips_change_their_size(page: Any) -> None:
    def width() -> float:
        return float(page.locator(".tile").first.bounding_box()["width"])

    medium = width()
    page.get_by_label("Large", exact=True).check()
    assert width() > medium
    page.get_by_label("Small", exact=True).check()
    assert width() < medium


def test_a_click_plays_the_clip_with_sound(page: Any) -> None:
    page.locator(".tile").nth(1).click()
    wait(page, "document.querySelector('#large-video').currentTime > 0.3")
    wait(page, "document.querySelector('#large-video').webkitAudioDecodedByteCount > 0")
    state = page.evaluate("(({muted, paused, volume}) => [muted, paused, volume])(video)")
    assert state == [False, False, 1]
    assert page.locator("#large-place").inner_text() == "Cluster 0 · clip 2 of 6"
    assert page.locator("#large-name").inner_text() == "0 bell"
    assert page.locator("#large-measures .value").inner_text() == "0.90"
    assert page.locator("#large-path").inner_text().endswith(".mp4")
    page.keyboard.press(" ")
    assert page.evaluate("video.paused")
    page.locator("#large-strip button").nth(4).click()
    assert page.locator("#large-place").inner_text() == "Cluster 0 · clip 5 of 6"
    page.mouse.click(5, 5)
    assert page.locator("#large:visible").count() == 0
    wait(page, "video.paused && video.networkState === HTMLMediaElement.NETWORK_EMPTY")


def test_hovering_plays_without_sound_until_asked(page: Any) -> None:
    page.locator(".tile").first.hover()
    wait(page, "inset.currentTime > 0.1")
    assert page.evaluate("inset.muted")
    page.mouse.move(2, 2)
    wait(page, "!document.querySelector('.inset')")
    page.get_by_label("Sound on hover").check()
    page.locator(".tile").nth(2).hover()
    wait(page, "inset.currentTime > 0.1")
    assert not page.evaluate("inset.muted")
    page.mouse.move(2, 2)
    page.get_by_label("Play on hover").uncheck()
    assert page.get_by_label("Sound on hover").is_disabled()
    page.locator(".tile").first.hover()
    page.wait_for_timeout(300)
    assert page.locator(".inset").count() == 0


def test_play_all_plays_one_clip_after_another_with_sound(page: Any) -> None:
    card = page.locator(".card", has_text="Cluster 1")
    card.get_by_role("button", name="Play all").click()
    for place in range(3):
        wait(page, f"tour.at === {place} && inset.currentTime > 0.1 && !inset.muted")
        assert "playing" in card.locator(".tile").nth(place).get_attribute("class")
    wait(page, "tour.card === null")
    assert page.locator(".tile.playing").count() == 0
    card.get_by_role("button", name="Play all").click()
    card.get_by_role("button", name="Stop 1/3").click()
    assert page.locator(".inset").count() == 0
    card.get_by_role("button", name="Play all").click()
    page.keyboard.press("Escape")
    assert page.evaluate("tour.card") is None


def test_everything_can_be_done_by_keyboard(page: Any) -> None:
    def focused(tile: Any) -> bool:
        return bool(tile.evaluate("(tile) => tile === document.activeElement"))

    page.keyboard.press("/")
    expect(page.locator("#filter")).to_be_focused()
    tile = page.locator(".card").nth(1).locator(".tile")
    for _ in range(40):
        page.keyboard.press("Tab")
        if focused(tile.first):
            break
    expect(tile.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tile.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(tile.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    place = page.locator("#large-place")
    expect(place).to_have_text("Cluster 1 · clip 3 of 3")
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text("Cluster 3 · clip 1 of 3")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("Cluster 1 · clip 2 of 3")
    page.keyboard.press("Escape")
    expect(page.locator("#large:visible")).to_have_count(0)
    expect(tile.nth(1)).to_be_focused()


def test_every_control_has_a_name(page: Any) -> None:
    page.locator(".tile").first.click()
    for role in ("button", "switch", "radio", "combobox", "searchbox"):
        for control in page.get_by_role(role, include_hidden=True).all():
            named = control.evaluate(
                "(e) => e.ariaLabel || e.innerText || e.textContent || e.labels?.[0]?.textContent"
            )
            assert named.strip(), control


@pytest.mark.parametrize("width", [360, 768, 2560])
def test_nothing_is_cut_off_at_any_width(browser: Any, page_file: Path, width: int) -> None:
    watched = Watched(browser, page_file, viewport={"width": width, "height": 800})
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".tile").first.click()
    box = page.locator("#large").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    watched.finish()


def test_nothing_moves_unasked_where_motion_is_unwanted(browser: Any, page_file: Path) -> None:
    watched = Watched(browser, page_file, reduced_motion="reduce")
    assert not watched.page.get_by_label("Play on hover").is_checked()
    watched.finish()


def test_says_so_if_the_clips_are_gone(browser: Any, page_file: Path, tmp_path: Path) -> None:
    alone = tmp_path / "index.html"
    alone.write_bytes(page_file.read_bytes())
    watched = Watched(browser, alone)
    watched.page.locator(".tile").first.click()
    watched.page.get_by_text("This clip cannot be played.").wait_for()
    watched.page.close()


def test_clips_without_media_are_read(browser: Any, tmp_path: Path) -> None:
    """Their keys stand for pictures; nothing is played."""
    keys = [f"take {n}" for n in range(4)]
    (tmp_path / "clips.csv").write_text("\n".join(["key", *keys]) + "\n")
    tables = [tmp_path / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    rows = ClipTable(tmp_path / "clips.csv").write_index(*tables)
    table = rows[["sample", "id", "key", "path", "label"]].assign(cluster=0, confidence=0.5)
    write_csv(tmp_path / "assignments.csv", table)
    splits = [(tmp_path / "assignments.csv", tables[0])]
    make_explorer(splits, tmp_path / "index.html", title="bare")
    watched = Watched(browser, tmp_path / "index.html", viewport={"width": 1280, "height": 900})
    page = watched.page
    assert visible(page, ".tile .bare") == keys
    assert page.locator(".play-all").count() == 0
    page.locator(".tile").first.click()
    assert page.locator("#large-path").inner_text() == "take 0"
    assert not page.locator("#large-video").is_visible()
    page.keyboard.press("ArrowRight")
    assert page.locator("#large-path").inner_text() == "take 1"
    watched.finish()
