"""The page in a browser: clusters, their clips, search, address and playing."""

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
from tests.reporting.test_explorer import assignments

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
    table["cluster"], table["head"], table["detail"] = CLUSTERS, 1, ""
    table["margin"] = np.linspace(1, 0.12, len(table))
    for modality in ("video+audio", "video", "audio"):
        for head in (0, 1):
            shift = 1 if (modality, head) == ("audio", 1) else 0
            table[f"{modality}_head{head}"] = [(cluster + shift) % 4 for cluster in CLUSTERS]
            table[f"{modality}_head{head}_margin"] = table["margin"]
    unread = table.tail(1).assign(cluster=-1, key="broken.mp4", detail="no frames")
    write_csv(root / "train.csv", table)
    with (root / "train.csv").open("a") as file:
        unread.to_csv(file, header=False, index=False)
    # A folder whose name would be changed by a careless address.
    page = root / "run #1 ?é%20" / "index.html"
    make_explorer([(root / "train.csv", twelve_clips)], page, title=HOSTILE)
    return page


@pytest.fixture
def page(browser: Any, page_file: Path) -> Iterator[Any]:
    watched = Watched(browser, page_file, viewport={"width": 1280, "height": 900})
    expect(watched.page.locator(".card")).to_have_count(3)
    yield watched.page
    watched.finish()


def test_shows_a_card_for_each_cluster_with_clips(page: Any) -> None:
    assert titles(page) == ["Cluster 0", "Cluster 1", "Cluster 3"]
    assert visible(page, ".card .facts") == ["6 clips", "3 clips", "3 clips"]
    assert visible(page, "main > .aside") == ["No clip is in cluster 2."]
    first = page.locator(".card").first
    assert visible(first, ".measure .value") == ["83.3%", "80%", "100%", "0%"]
    assert page.locator(".tile").count() == 12
    wait(page, "[...document.images].every((image) => image.naturalWidth === 48)")


def test_names_are_text(page: Any) -> None:
    assert page.locator(".masthead .name").inner_text() == HOSTILE
    page.locator("#search").fill("onerror")
    expect(page.locator(".card")).to_have_count(1)
    assert titles(page) == ["Cluster 3"]
    assert page.evaluate("typeof hacked") == "undefined"


def test_a_chip_shows_the_clips_of_exactly_its_class(page: Any) -> None:
    """The class "1 siren" has 5 clips; the key of one of the others holds a 1 too."""
    page.locator(".card", has_text="Cluster 1").locator(".chip").click()
    expect(page.locator(".pill")).to_have_text("class: 1 siren")
    assert titles(page) == ["Cluster 1", "Cluster 0", "Cluster 3"]  # by the number of matches
    assert visible(page, ".card .note") == [
        "3 of 3 clips match", "1 of 6 clips matches", "1 of 3 clips matches"
    ]  # fmt: skip
    assert page.locator(".tile").count() == 5
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(".tile")).to_have_count(12)


def test_search_finds_files_and_numbers(page: Any) -> None:
    page.locator("#search").fill("CLIP 09")
    expect(page.locator(".card")).to_have_count(1)
    assert titles(page) == ["Cluster 3"]
    assert visible(page, ".card .note") == ["1 of 3 clips matches"]
    page.locator("#search").fill("#1")
    expect(page.locator(".card h2")).to_have_text("Cluster 1")
    expect(page.locator(".toolbar .status")).to_have_text("1 of 3 clusters")
    page.goto(page.url + "&class=2")  # of which cluster 1 has no clip
    expect(page.locator(".nothing")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").first.click()
    page.locator("#search").fill("nowhere")
    expect(page.locator(".nothing")).to_be_visible()


def test_limits_of_size_purity_and_margin(page: Any) -> None:
    """Clusters 0, 1 and 3: 6, 3, 3 clips, of 83, 100, 33% purity, of 80, 40, 20% margin."""
    page.locator(".menu summary").click()
    for label, limit, left in (
        ("Clips, at least", "4", ["Cluster 0"]),
        ("Clips, at most", "3", ["Cluster 1", "Cluster 3"]),
        ("Purity in %, at most", "90", ["Cluster 0", "Cluster 3"]),
        ("Margin in %, at most", "45", ["Cluster 1", "Cluster 3"]),
        ("Purity in %, at most", "0", []),
    ):
        box = page.get_by_label(label)
        box.fill(limit)
        box.press("Enter")
        expect(page.locator(".card h2")).to_have_text(left)
        box.fill("")
        box.press("Enter")
        expect(page.locator(".card")).to_have_count(3)


def test_the_address_holds_what_is_shown(browser: Any, page: Any, page_file: Path) -> None:
    page.locator("#sort").select_option("purity")
    page.get_by_role("button", name="Reverse").click()
    assert titles(page) == ["Cluster 3", "Cluster 0", "Cluster 1"]
    page.reload()
    expect(page.locator(".card")).to_have_count(3)
    assert titles(page) == ["Cluster 3", "Cluster 0", "Cluster 1"]
    page.go_back()
    expect(page.locator(".card h2").first).to_have_text("Cluster 1")
    page.locator(".card h2 a").last.click()
    expect(page.locator("main h1")).to_have_text("Cluster 3")
    page.locator(".tile").first.click()
    expect(page.locator("dialog.clip")).to_be_visible()
    page.go_back()
    expect(page.locator("dialog.clip")).to_be_hidden()
    assert "#/cluster/3" in page.url
    linked = Watched(browser, page_file, "#/cluster/0?order=misfits")
    expect(linked.page.locator(".tile").first).to_contain_text("1 siren")
    assert linked.page.locator(".tile").count() == 6  # all clips of the cluster
    linked.finish()


def test_the_size_of_clips_is_chosen_and_kept(page: Any) -> None:
    width = page.locator(".tile").first.bounding_box()["width"]
    page.locator("#tiles").select_option("large")
    assert page.locator(".tile").first.bounding_box()["width"] > 1.4 * width
    page.locator(".card h2 a").first.click()
    assert "tiles=large" in page.url


def test_another_modality_and_head_are_shown(page: Any) -> None:
    page.locator("#modality").select_option("audio")
    expect(page.locator(".card h2")).to_have_text(["Cluster 1", "Cluster 0", "Cluster 2"])
    assert "modality=audio" in page.url
    page.locator("#head").select_option("0")
    expect(page.locator(".card h2")).to_have_text(["Cluster 0", "Cluster 1", "Cluster 3"])


def test_a_clip_says_what_is_known_of_it(page: Any) -> None:
    page.locator(".card", has_text="Cluster 0").locator(".tile.differs").click()
    dialog = page.locator("dialog.clip")
    expect(dialog.locator("h2")).to_have_text("1 siren")
    assert visible(dialog, ".differs") == ["Most of this cluster is 0 bell."]
    assert visible(dialog, ".eyebrow") == ["Cluster 0clip 6 of 6"]
    assert visible(dialog, ".choices") == ["Video alonethis clusterAudio aloneCluster 1"]
    assert dialog.locator(".wave rect").count() == 48
    wait(page, "!document.querySelector('dialog video').paused")
    page.keyboard.press("ArrowLeft")
    expect(dialog.locator("h2")).to_have_text("0 bell")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_what_has_no_cluster_is_counted(page: Any) -> None:
    page.get_by_role("link", name="Not shown").click()
    assert visible(page, "table tbody tr") == ["unreadable1broken.mp4"]


def test_plays_under_the_pointer_and_in_turn(page: Any) -> None:
    tile = page.locator(".tile").first
    tile.hover()
    wait(page, "document.querySelector('.tile video')?.currentTime > 0")
    page.locator(".masthead").hover()
    expect(page.locator(".tile video")).to_have_count(0)
    page.get_by_role("button", name="Play").first.click()
    expect(page.locator(".play-all").first).to_have_text("Stop 1/6")
    expect(page.locator(".play-all").first).to_have_text("Stop 2/6", timeout=10_000)
    page.keyboard.press("Escape")
    expect(page.locator(".play-all").first).to_have_text("Play")


def test_clips_without_media_are_their_names(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("key\none\ntwo\nthree\n")
    tables = [tmp_path / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    ClipTable(tmp_path / "clips.csv").write_index(*tables)
    csv = assignments(tables[0], [0, 0, 1])
    make_explorer([(csv, tables[0])], tmp_path / "index.html", title="bare")
    watched = Watched(browser, tmp_path / "index.html")
    expect(watched.page.locator(".bare")).to_have_count(3)
    watched.page.locator(".tile").first.click()
    expect(watched.page.locator(".stage .aside")).to_contain_text("not stored with the page")
    watched.finish()


def test_clips_beyond_the_limit_are_pictures(
    browser: Any, twelve_clips: Path, tmp_path: Path
) -> None:
    csv = assignments(twelve_clips, [0] * 12)
    page_file = tmp_path / "index.html"
    make_explorer([(csv, twelve_clips)], page_file, title="few", clips_per_cluster=1)
    watched = Watched(browser, page_file, "#/cluster/0")
    page = watched.page
    expect(page.locator(".tile img")).to_have_count(5)  # of a clip, and of four others
    expect(page.locator(".bare")).to_have_count(7)
    page.locator(".tile").first.hover()
    wait(page, "document.querySelector('.tile video')?.currentTime > 0")
    still = page.locator(".tile", has=page.locator("img")).nth(1)
    still.hover()
    expect(still.locator(".still")).to_have_text("picture only")
    expect(page.locator(".tile video")).to_have_count(0)
    wait(page, "[...document.images].every((image) => image.naturalWidth === 48)")
    still.click()
    expect(page.locator(".stage .aside")).to_contain_text("this is its picture")
    watched.finish()
