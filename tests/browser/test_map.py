"""The map: points, names, zoom, a clip under the pointer, the lasso; with and without WebGL."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from selavi.data.schema import read_index
from selavi.evaluation.clip_map import ClipMap
from selavi.files import write_csv
from selavi.reporting.explorer import make_explorer
from tests.browser.watched import Watched, wait

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

CLUSTERS = [0] * 6 + [1] * 6


@pytest.fixture(scope="module")
def page_file(twelve_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two clusters: one in the top left corner, one in the bottom right corner."""
    root = tmp_path_factory.mktemp("map")
    table = read_index(twelve_clips)[["sample", "id", "key", "path", "label"]].assign(detail="")
    table["cluster"], table["head"], table["margin"] = CLUSTERS, 0, 0.5
    write_csv(root / "train.csv", table)
    positions = np.array([[10 * c + 0.2 * n, 10 * c] for n, c in enumerate(CLUSTERS)], np.float32)
    ids = table["id"].to_numpy(str)
    ClipMap(ids, positions, "pca", "video+audio").write(root / "map.npz")
    page = root / "page/index.html"
    splits = [(root / "train.csv", twelve_clips)]
    make_explorer(splits, page, title="placed", positions=root / "map.npz")
    return page


@pytest.fixture(params=["webgl", "canvas"])
def page(browser: Any, page_file: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    watched = Watched(browser, page_file, viewport={"width": 1280, "height": 1000})
    page = watched.page
    if request.param == "canvas":
        page.evaluate(
            """() => {
                const get = HTMLCanvasElement.prototype.getContext;
                HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
                    return kind === "webgl2" ? null : get.call(this, kind, ...rest);
                };
            }"""
        )
    page.get_by_role("link", name="Map").click()
    expect(page.locator(".plane canvas")).to_be_visible()
    yield page
    watched.finish()


LONGER = 10 + 0.2 * 11


def place(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where a position is on the screen, before any zoom."""
    box = page.locator(".plane canvas").bounding_box()
    scale = 0.88 * min(box["width"] / LONGER, box["height"] / 10)
    return (
        box["x"] + box["width"] / 2 + (x - LONGER / 2) * scale,
        box["y"] + box["height"] / 2 + (y - 5) * scale,
    )


def test_a_point_shows_its_clip_and_opens_it(page: Any) -> None:
    expect(page.locator(".names a")).to_have_count(2)
    page.mouse.move(*place(page, 0, 0))
    expect(page.locator(".hovered img")).to_be_visible()
    page.mouse.click(*place(page, 0, 0))
    expect(page.locator("dialog.clip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.clip")).to_be_hidden()
    page.mouse.click(*place(page, 5, 5))  # where there is none
    expect(page.locator("dialog.clip")).to_be_hidden()


def test_the_lasso_selects_what_is_inside(page: Any) -> None:
    page.get_by_role("button", name="Lasso").click()
    corners = [(-0.3, -0.4), (5, -0.4), (5, 5), (-0.3, 5), (-0.3, -0.4)]
    page.mouse.move(*place(page, *corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*place(page, *corner), steps=5)
    page.mouse.up()
    expect(page.locator(".selection output")).to_have_text("6 clips selected")
    assert page.locator(".marks circle").count() == 6
    picked = page.locator(".picked .tile")
    expect(picked).to_have_count(6)
    picked.nth(1).focus()
    page.keyboard.press("ArrowRight")
    expect(picked.nth(2)).to_be_focused()
    picked.nth(2).click()
    expect(page.locator("dialog.clip")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".selection").get_by_role("button", name="Clear").click()
    expect(picked).to_have_count(0)


def test_keys_and_wheel_zoom_and_move(page: Any) -> None:
    first = page.locator(".names a").first
    before = first.bounding_box()
    page.locator(".plane canvas").focus()
    page.keyboard.press("ArrowLeft")
    wait(page, f"document.querySelector('.names a').getBoundingClientRect().x > {before['x'] + 20}")
    page.keyboard.press("0")
    page.mouse.move(*place(page, 0, 0))
    page.mouse.wheel(0, -600)
    expect(page.get_by_role("button", name="Whole map")).to_be_enabled()
    expect(page.locator(".names a")).to_have_count(1)  # the other cluster is out of sight
    page.locator(".names a").click()
    expect(page.locator("main h1")).to_have_text("Cluster 0")
    page.go_back()
    expect(page.get_by_role("button", name="Whole map")).to_be_enabled()
    expect(page.locator(".names a")).to_have_count(1)


def test_colours_and_one_cluster_are_chosen(page: Any) -> None:
    page.locator("#colour").select_option("margin")
    expect(page.locator(".legend")).to_contain_text("100%")
    page.locator("#colour").select_option("class")
    names = page.locator(".names a")
    expect(names).to_have_count(2)
    expect(names.first).to_have_attribute("href", re.compile(r"#/overview\?.*class=0"))
    page.locator("#only").select_option("1")
    expect(page.locator(".names a")).to_have_text(["0 bell", "1 siren"])
    assert "colour=class" in page.url
    assert "only=1" in page.url
    page.locator("#colour").select_option("cluster")
    expect(page.locator(".names a")).to_have_text("Cluster 1")


def test_the_legend_names_few_groups_with_their_clips(page: Any) -> None:
    expect(page.locator(".legend li")).to_have_text(["Cluster 0 6", "Cluster 1 6"])
    page.locator("#colour").select_option("class")
    expect(page.locator(".legend li")).to_have_text(["0 bell 6", "1 siren 6"])


def test_points_are_drawn_in_the_colours_of_clusters(page: Any, tmp_path: Path) -> None:
    """By a picture of what a person sees, since a WebGL canvas forgets what it has drawn."""
    expect(page.locator(".names a")).to_have_count(2)
    page.locator(".plane canvas").screenshot(path=tmp_path / "map.png")
    with av.open(tmp_path / "map.png") as file:
        pixels = next(file.decode(video=0)).to_ndarray(format="rgb24").reshape(-1, 3).astype(int)
    for colour in ((0, 114, 178), (230, 159, 0)):
        near = np.abs(pixels - colour).max(1) < 60
        assert near.sum() > 60


def test_the_other_button_and_a_gesture_taken_over_do_not_move_the_map(page: Any) -> None:
    first = page.locator(".names a").first
    before = first.bounding_box()
    page.mouse.move(*place(page, 5, 5))
    page.mouse.down(button="right")
    page.mouse.move(*place(page, 7, 7), steps=3)
    page.mouse.up(button="right")
    assert first.bounding_box() == before
    page.mouse.down()
    page.locator(".plane canvas").dispatch_event(
        "pointercancel", {"isPrimary": True, "pointerType": "touch"}
    )
    page.mouse.move(*place(page, 5, 5), steps=3)
    assert first.bounding_box() == before
    page.mouse.up()


def test_points_come_back_with_the_context_of_the_canvas(browser: Any, page_file: Path) -> None:
    watched = Watched(browser, page_file, "#/map", viewport={"width": 1280, "height": 1000})
    page = watched.page
    expect(page.locator(".names a")).to_have_count(2)
    canvas = page.locator(".plane canvas")
    drawn = canvas.screenshot()
    page.evaluate(
        """() => {
            const gl = document.querySelector('.plane canvas').getContext('webgl2');
            window.extension = gl.getExtension('WEBGL_lose_context');
            extension.loseContext();
        }"""
    )
    wait(page, "document.querySelector('.plane canvas').getContext('webgl2').isContextLost()")
    page.evaluate("extension.restoreContext()")
    wait(page, "!document.querySelector('.plane canvas').getContext('webgl2').isContextLost()")
    page.wait_for_timeout(200)
    assert canvas.screenshot() == drawn
    watched.finish()
