"""The pages about quality, classes, levels and sizes."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.image import imread

from selavi.data.schema import read_index
from selavi.files import write_csv
from selavi.reporting.explorer import make_explorer
from selavi.reporting.explorer.insight import Insight
from tests.browser.watched import Watched, titles, visible, wait

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

COARSE = [0] * 6 + [1] * 6
FINE = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 1]
LABELS = ["bell"] * 7 + ["siren"] * 5


@pytest.fixture(scope="module")
def page_file(twelve_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two heads with 2 clusters and two with 4, and scores."""
    root = tmp_path_factory.mktemp("insight")
    table = read_index(twelve_clips)[["sample", "id", "key", "path"]]
    table["label"], table["detail"] = LABELS, ""
    table["cluster"], table["margin"], table["head"] = FINE, 0.5, 2
    table["head_clusters"] = "2 2 4 4"
    for modality in ("video+audio", "video", "audio"):
        for head, clusters in enumerate((COARSE, COARSE, FINE, FINE)):
            table[f"{modality}_head{head}"] = clusters
            table[f"{modality}_head{head}_margin"] = 0.5
    write_csv(root / "train.csv", table)
    score = {
        "modality": "video+audio", "nmi_low": 0.5, "nmi_high": 0.7, "nmi_chance": 0.1,
        "accuracy": 0.75, "accuracy_chance": 0.5,
    }  # fmt: skip
    write_csv(root / "metrics.csv", pd.DataFrame([
        score | {"choice": "agreement", "head": "2", "nmi": 0.6},
        {"modality": "video+audio", "choice": "oracle", "head": "3", "nmi": 0.65},
    ]).assign(split="train"))  # fmt: skip
    write_csv(root / "held-out.csv", pd.DataFrame([
        score | {"choice": "agreement", "head": "2", "nmi": 0.4, "nmi_low": 0.3, "nmi_high": 0.5},
        {"modality": "video+audio", "choice": "head", "head": "3", "nmi": 0.35},
    ]).assign(split="test"))  # fmt: skip
    write_csv(root / "baselines.csv", pd.DataFrame(
        [{"method": "k-means raw", "modality": "video+audio", "nmi": 0.3, "choice": ""}]
    ).assign(split="train"))  # fmt: skip
    log = [{"epoch": n, "loss": 2 / n, "labels_changed": 0.2} for n in (1, 2, 3)]
    write_csv(root / "log.csv", pd.DataFrame(log))
    drawn = [{"head": 2, "cluster": n, "prescribed": 3.0, "name": ""} for n in range(4)]
    write_csv(root / "sizes.csv", pd.DataFrame(drawn))
    write_csv(root / "levels.csv", pd.DataFrame([
        {"clusters": 2, "head": 0, "agreement": 0.5, "nmi": 0.7, "selected": False},
        {"clusters": 4, "head": 2, "agreement": 0.8, "nmi": 0.6, "selected": True},
    ]))  # fmt: skip
    page = root / "page/index.html"
    scores = [root / "metrics.csv", root / "held-out.csv"]
    baselines = [root / "baselines.csv"]
    insight = Insight(
        scores, baselines, *(root / f"{name}.csv" for name in ("log", "sizes", "levels"))
    )
    seeds = [root / "other.csv"]
    write_csv(seeds[0], table.assign(cluster=[*FINE[:9], 0, 1, 2]))
    splits = [(root / "train.csv", twelve_clips)]
    make_explorer(splits, page, title="levels", insight=insight, seeds=seeds)
    return page


@pytest.fixture
def page(browser: Any, page_file: Path) -> Iterator[Any]:
    watched = Watched(browser, page_file, viewport={"width": 1280, "height": 900})
    yield watched.page
    watched.finish()


def test_quality_is_told_in_words_beside_chance_and_others(page: Any) -> None:
    page.get_by_role("link", name="How good").click()
    words = page.locator(".statement").inner_text()
    assert "75% of the clips are right; by chance it would be 50%" in words
    assert "60% of their information (NMI), 50% to 70% in 95% of resamplings" in words
    assert (
        "The best other method is k-means on the clips as they are"
        in page.locator(".statement + p").inner_text()
    )
    rows = page.locator(".panel table").first.locator("tbody tr")
    assert [row.locator("th, td").all_inner_texts() for row in rows.all()] == [
        ["Head 3, the best (oracle)", "by the classes", "", "65%", ""],
        ["These clusters", "without classes", "75%", "60%", "50% to 70%"],
        ["k-means on the clips as they are", "", "", "30%", ""],
        ["Chance: 12 clips, 4 clusters, 2 classes", "", "50%", "10%", ""],
    ]
    figures = visible(page, ".figures dt")
    assert figures == [
        "Heads agree", "Seeds agree", "Video and audio agree", "Labels stable at the end", "Margin",
    ]  # fmt: skip
    assert visible(page, ".figures b") == ["100%", "75%", "100%", "80%", "50.2%"]


def test_scores_are_of_the_split_and_the_head_that_is_looked_at(page: Any) -> None:
    page.get_by_role("link", name="How good").click()
    page.locator("#split").select_option("test")
    assert "NMI), 30% to 50%" in page.locator(".statement").inner_text()
    assert "split=test" in page.url
    page.locator(".panel details summary").click()
    heads = page.locator(".panel details tbody tr")
    words = [row.locator("th, td").all_inner_texts() for row in heads.all()]
    assert words[2] == ["Head 2 (selected), shown", "4", "100%", "40%"]
    heads.get_by_role("link", name="Head 3").click()
    expect(page.locator("#split")).to_have_value("test")
    assert page.locator("tr.ours th").inner_text() == "Head 3, which you look at"
    assert "share 35% of their information" in page.locator(".statement").inner_text()


def test_a_cell_of_classes_opens_its_clips(page: Any) -> None:
    page.get_by_role("link", name="Classes", exact=True).click()
    # Cluster 1 has three bells and a siren, 2 has one bell and two sirens.
    rows = page.locator("main tbody tr")
    assert [row.locator("th, td").all_inner_texts() for row in rows.all()] == [
        ["Cluster 1", "bell", "siren", "1", "25%"], ["Cluster 2", "siren", "bell", "1", "33.3%"]
    ]  # fmt: skip
    page.locator("main tbody a", has_text="siren").first.click()
    expect(page.locator("main h1")).to_have_text("Cluster 1")
    expect(page.locator(".tile")).to_have_count(1)
    page.go_back()
    expect(page.locator(".left a")).to_have_text(
        ["Cluster 0", "Cluster 1", "Cluster 2", "Cluster 3"]
    )
    canvas = page.locator("canvas")
    box = canvas.bounding_box()
    words = page.locator("figcaption")
    canvas.hover(position={"x": box["width"] * 0.75, "y": box["height"] * 0.375})
    expect(words).to_have_text("Cluster 1 and siren: 1 clip, 25% of the cluster, 20% of the class")
    canvas.click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.125})
    expect(page.locator("main h1")).to_have_text("Cluster 0")


def test_cells_are_reached_by_keys(page: Any) -> None:
    page.get_by_role("link", name="Classes", exact=True).click()
    page.locator("canvas").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("figcaption")).to_contain_text("Cluster 1 and siren: 1 clip")
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Cluster 1")
    assert "class=1" in page.url


def test_a_cell_that_is_read_may_go_away(page: Any) -> None:
    page.locator("#head").select_option("0")
    page.get_by_role("link", name="Classes", exact=True).click()
    page.locator("#head").select_option("2")
    expect(page.locator(".left a")).to_have_count(4)
    box = page.locator("canvas").bounding_box()
    page.locator("canvas").hover(position={"x": 5, "y": box["height"] - 5})
    expect(page.locator("figcaption")).to_contain_text("Cluster 3 and bell")
    page.go_back()
    expect(page.locator(".left a")).to_have_count(2)
    expect(page.locator("figcaption")).to_contain_text("Point at a cell")


def test_cells_are_as_dark_as_what_they_show(page: Any) -> None:
    """Bell and siren are 25% and 20% of what they are a part of: other shades."""
    page.get_by_role("link", name="Classes", exact=True).click()
    drawn = "document.querySelector('canvas').toDataURL()"
    shades, before = [], ""
    for measure in ("cluster", "class", "clips"):
        page.locator("#by").select_option(measure)
        page.wait_for_function(f"before => {drawn} !== before", arg=before)
        before = page.evaluate(drawn)
        picture = imread(io.BytesIO(base64.b64decode(before.partition(",")[2])))
        height, width = picture.shape[:2]
        shades.append(picture[int(0.46 * height), int(0.95 * width), 0])
    # Of the cluster 1/4, of the class 1/5, of the largest cell (three clips) 1/3.
    assert shades[1] > shades[0] > shades[2]


def test_the_tree_leads_to_clusters_of_each_level(page: Any) -> None:
    page.get_by_role("link", name="Tree").click()
    top = page.locator(".tree > li")
    expect(top.nth(0).locator("li")).to_have_count(2)
    top.nth(0).get_by_role("button", name="Parts of Cluster 0").click()
    expect(top.nth(0).locator("li")).to_have_count(0)
    top.nth(0).get_by_role("button").press("Enter")
    assert visible(top.nth(0), "li") == [
        "Cluster 1 mostly bell, of 4, 4 clips, 75% of them here",
        "Cluster 0 mostly bell, of 4, 3 clips, 100% of them here",
    ]
    assert visible(page, ".chart .aside") == [
        "Selected without classes: 4 clusters, on which the heads agree best. "
        "Best by the classes (oracle): 2."
    ]
    wait(page, "[...document.images].length > 3")
    wait(page, "[...document.images].every((image) => image.naturalWidth === 48)")
    top.nth(1).get_by_role("link", name="Cluster 1", exact=True).first.click()
    expect(page.locator("main h1")).to_have_text("Cluster 1")
    expect(page.locator(".page-head .facts")).to_have_text("6 clips, 50% of all")
    assert "head=0" in page.url
    page.go_back()
    top.nth(0).get_by_role("button").click()
    top.nth(1).get_by_role("link", name="Cluster 1", exact=True).first.click()
    expect(page.locator("main h1")).to_have_text("Cluster 1")
    page.go_back()
    expect(top.nth(1).locator("li")).to_have_count(2)
    expect(top.nth(0).locator("li")).to_have_count(0)  # as it was left


def test_clusters_unfold_into_their_parts_and_fold_again(page: Any) -> None:
    page.locator("#level").select_option(label="2")
    expect(page.locator(".card")).to_have_count(2)
    page.locator(".card", has_text="Cluster 1").get_by_role("link", name="2 parts").click()
    expect(page.locator(".pill")).to_have_text("parts of Cluster 1 of 2, at 4 clusters")
    assert titles(page) == ["Cluster 2", "Cluster 3"]  # and not 0 and 1, whose clips are in 0
    page.reload()
    expect(page.locator(".card")).to_have_count(2)
    page.locator(".card").first.get_by_role("link", name="part of Cluster 1").click()
    expect(page.locator("#relatives-title")).to_be_visible()
    parts = page.locator("[aria-labelledby=relatives-title] li")
    expect(parts.locator("a")).to_have_text(["Cluster 2", "Cluster 3"])
    expect(parts.locator("p").nth(1)).to_have_text("2 clips, 100% of them here.")
    page.go_back()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(".card")).to_have_count(4)


def test_sizes_stand_beside_those_that_were_prescribed(page: Any) -> None:
    page.get_by_role("link", name="Sizes").click()
    expect(page.locator(".bar title")).to_have_count(4)
    assert page.locator(".bar title").first.text_content() == "Cluster 1: 4 clips"
    expect(page.locator(".wanted[d]")).to_have_count(4)
    page.locator("details.table summary").click()
    row = page.locator("main tbody tr").first.locator("th, td")
    assert row.all_inner_texts() == ["1", "Cluster 1", "4", "33.3%", "3"]
    page.locator("main tbody a").first.click()
    expect(page.locator("main h1")).to_have_text("Cluster 1")


def test_the_course_of_the_training_is_drawn_and_tabled(page: Any) -> None:
    page.get_by_role("link", name="Training").click()
    assert visible(page, ".charts figcaption") == ["Loss", "Labels that change at an update"]
    assert page.locator(".charts .line").first.get_attribute("d").count("L") == 2
    page.locator("details.table summary").click()
    rows = page.locator("main tbody tr")
    assert [row.locator("th, td").all_inner_texts() for row in rows.all()] == [
        ["1", "2.00", "20%"], ["2", "1.00", "20%"], ["3", "0.67", "20%"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["x" * 300, "\u202e\u0645\u0631\u062d\u0628\u0627 " * 40, "<b>a\nb</b>"]
)
def test_long_and_strange_classes_stay_inside_a_narrow_page(
    browser: Any, twelve_clips: Path, tmp_path: Path, name: str
) -> None:
    table = read_index(twelve_clips)[["sample", "id", "key", "path"]]
    table["label"], table["detail"] = [name, "other"] * 6, ""
    table["cluster"], table["head"], table["head_clusters"] = FINE, 1, "2 4"
    table["video+audio_head0"], table["video+audio_head1"] = COARSE, FINE
    write_csv(tmp_path / "train.csv", table)
    page_file = tmp_path / "page/index.html"
    make_explorer([(tmp_path / "train.csv", twelve_clips)], page_file, title="narrow")
    watched = Watched(browser, page_file, viewport={"width": 360, "height": 700})
    for shown in ("confusion", "tree", "sizes", "quality"):
        watched.page.goto(f"{page_file.as_uri()}#/{shown}")
        expect(watched.page.locator("main h1")).to_be_visible()
        assert watched.page.evaluate("document.documentElement.scrollWidth") == 360
        assert watched.page.locator("main b", has_text="a").count() == 0
    watched.finish()
