"""For everyone: axe, the keyboard, all widths, hostile names, paper, and no JavaScript."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from selavi.data.schema import read_index
from selavi.data.sources.clip_table import ClipTable
from selavi.evaluation.clip_map import ClipMap
from selavi.files import write_csv
from selavi.reporting.explorer import make_explorer
from selavi.reporting.explorer.insight import Insight
from tests.browser.watched import Watched, wait

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

HOSTILE = [
    "x" * 300, "word " * 60, "مرحبا بالعالم " * 10, "👩‍👩‍👧‍👦" * 20, "two\nlines\u2028three",
    "<b>bold</b><script>hacked=1</script>", "a/b/c/" * 50,
]  # fmt: skip
CLIPS, CLASSES, CLUSTERS = 1_200, 280, 9
PAGES = (
    "overview", "overview?class=3", "overview?q=nothing-like-it", "overview?head=0", "cluster/0",
    "map", "quality", "confusion", "tree", "sizes", "training", "corrections", "missing",
)  # fmt: skip


@pytest.fixture(scope="module")
def page_file(twelve_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of many clips without media and hostile classes, of a few heads."""
    root = tmp_path_factory.mktemp("hostile")
    pd.DataFrame({"key": [f"k{n:05d}" for n in range(CLIPS)]}).to_csv(
        root / "clips.csv", index=False
    )
    tables = [root / f"{name}.csv" for name in ("index", "rejected", "summary")]
    ClipTable(root / "clips.csv").write_index(*tables)
    table = read_index(tables[0])[["sample", "id"]].copy()
    random = np.random.default_rng(0)
    names = HOSTILE + [f"class {n}" for n in range(CLASSES - len(HOSTILE))]
    table["label"] = [names[n % CLASSES] for n in range(CLIPS)]
    table["key"] = [f"{HOSTILE[n % len(HOSTILE)]}{n}.mp4" for n in range(CLIPS)]
    table["path"], table["detail"], table["head"] = "/videos/" + table["key"], "", 1
    table["head_clusters"] = f"{CLUSTERS // 2} {CLUSTERS}"
    table["cluster"] = np.where(
        random.random(CLIPS) < 0.5, 0, random.integers(CLUSTERS, size=CLIPS)
    )
    table["margin"] = random.random(CLIPS).round(3)
    for modality in ("video+audio", "video", "audio"):
        for head in range(2):
            table[f"{modality}_head{head}"] = (
                table["cluster"] if head else table["cluster"] % (CLUSTERS // 2)
            )
            table[f"{modality}_head{head}_margin"] = table["margin"]
    bad = table.tail(2).assign(cluster=-1, key=HOSTILE[0])
    write_csv(root / "train.csv", pd.concat([table.iloc[:-2], bad]))
    score = {"modality": "video+audio", "choice": "agreement", "head": "1", "nmi": 0.3}
    write_csv(root / "metrics.csv", pd.DataFrame([score]))
    write_csv(root / "log.csv", pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0]}))
    names_file = pd.DataFrame({"head": 1, "cluster": range(7), "name": [n[:200] for n in HOSTILE]})
    names_file["name"] = names_file["name"].str.split().str.join(" ")
    write_csv(root / "names.csv", names_file)
    positions = random.random((CLIPS, 2), np.float32)
    ClipMap(table["id"].to_numpy(str), positions, "umap", "video+audio").write(root / "map.npz")
    page = root / "page" / "index.html"
    make_explorer(
        [(root / "train.csv", tables[0])], page, title=HOSTILE[0], names=root / "names.csv",
        positions=root / "map.npz",
        insight=Insight(metrics=[root / "metrics.csv"], training_log=root / "log.csv"),
    )  # fmt: skip
    return page


def opened(browser: Any, file: Path, address: str, **context: Any) -> Watched:
    watched = Watched(browser, file, f"#/{address}", **context)
    expect(watched.page.locator("main :is(.card, .page-head, .nothing)").first).to_be_visible()
    expect(watched.page.locator(".loading")).to_have_count(0)
    if not address.startswith("cluster"):  # which the navigation does not list
        current = watched.page.locator("nav [aria-current=page]")
        assert current.get_attribute("href").startswith(f"#/{address.partition('?')[0]}")
    return watched


def violations(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: tags, preload: false})",
        ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    )["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:90] for node in one['nodes'][:3]]} "
        f"{one['nodes'][0]['failureSummary']}"
        for one in found
    ]


@pytest.fixture(scope="module")
def axe(frontend: Path) -> str:
    return (frontend / "node_modules/axe-core/axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, page_file: Path, axe: str, scheme: str) -> None:
    for address in PAGES:
        watched = opened(browser, page_file, address, color_scheme=scheme)
        assert violations(watched.page, axe) == [], address
        watched.finish()


def test_axe_finds_nothing_in_dialogs_and_a_selection(
    browser: Any, page_file: Path, axe: str
) -> None:
    watched = opened(browser, page_file, "cluster/1")
    page = watched.page
    page.locator(".tile").first.click()
    expect(page.locator("dialog.clip")).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog.clip")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Select", exact=True).click()
    page.locator(".tile").first.click()
    expect(page.locator(".selection")).to_be_visible()
    assert violations(page, axe) == []
    watched.finish()


@pytest.mark.parametrize("width", [360, 1400, 2560])
def test_no_width_needs_scrolling_to_the_side(browser: Any, page_file: Path, width: int) -> None:
    for address in PAGES:
        watched = opened(browser, page_file, address, viewport={"width": width, "height": 900})
        inside = watched.page.evaluate(
            """() => [document.documentElement.scrollWidth, ...[...document.querySelectorAll(
                'button, input, select, .card, h1, h2')]
                .filter((one) => one.checkVisibility())
                .map((one) => one.getBoundingClientRect())
                .filter((box) => box.width).map((box) => Math.floor(box.right))]"""
        )
        assert max(inside) <= width, (address, width, max(inside))
        watched.finish()


def test_hostile_names_stay_in_their_places(browser: Any, page_file: Path) -> None:
    watched = opened(browser, page_file, "overview", viewport={"width": 1400, "height": 900})
    outside = watched.page.evaluate(
        """() => [...document.querySelectorAll('.card')].flatMap((card) => {
            const box = card.getBoundingClientRect();
            return [...card.querySelectorAll('h2, .chip, .tile, .measure')].filter((part) => {
                const own = part.getBoundingClientRect();
                return own.left < box.left - 1 || own.right > box.right + 1;
            }).map((part) => part.outerHTML.slice(0, 100));
        })"""
    )
    assert outside == []
    assert watched.page.evaluate("typeof hacked") == "undefined"
    watched.finish()


def test_of_many_classes_the_bar_shows_true_shares(browser: Any, page_file: Path) -> None:
    watched = opened(browser, page_file, "cluster/0")
    bar = watched.page.locator(".class-bar").first
    shares = bar.evaluate(
        """(bar) => [...bar.children].map(
            (part) => part.getBoundingClientRect().width / bar.clientWidth)"""
    )
    assert len(shares) == 6  # five classes and all others
    assert sum(shares) == pytest.approx(1, abs=0.01)
    table = pd.read_csv(page_file.parents[1] / "train.csv")
    counts = table.loc[table["cluster"] == 0, "label"].value_counts(normalize=True)
    assert shares[:5] == pytest.approx(counts.iloc[:5].tolist(), abs=0.005)
    watched.finish()


def test_the_page_is_used_by_keyboard_alone(browser: Any, page_file: Path) -> None:
    watched = opened(browser, page_file, "overview?sort=number&reverse=1")
    page = watched.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("j")
    card = page.locator(".card").first
    expect(card.locator(".tile").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(card.locator(".tile").nth(1)).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".card").nth(1).locator(".tile").first).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("dialog.clip")).to_be_visible()
    first = page.url
    page.keyboard.press("j")
    wait(page, f"location.href !== {first!r}")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.clip")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("bold")
    wait(page, "location.hash.includes('q=bold')")
    watched.finish()


def test_targets_are_large_enough(browser: Any, page_file: Path) -> None:
    watched = opened(browser, page_file, "overview", viewport={"width": 390, "height": 900})
    small = watched.page.evaluate(
        """() => [...document.querySelectorAll('button, select, input, summary, nav a')]
            .filter((one) => one.checkVisibility())
            .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 90)])
            .filter(([box]) => box.width && (box.width < 24 || box.height < 24))
            .map(([box, html]) => `${Math.round(box.width)} x ${Math.round(box.height)} ${html}`)"""
    )
    assert [one for one in small if "checkbox" not in one] == []  # whose labels are larger
    watched.finish()


def test_on_phones_the_pages_are_one_row_that_shows_the_current_one(
    browser: Any, page_file: Path
) -> None:
    for address in ("overview", "cluster/0", "confusion", "missing"):
        watched = opened(browser, page_file, address, viewport={"width": 360, "height": 800})
        tops = watched.page.eval_on_selector_all(
            ".masthead nav a", "(links) => links.map((one) => one.getBoundingClientRect().top)"
        )
        assert len(set(tops)) == 1 < len(tops)
        box = watched.page.locator(".masthead nav [aria-current]").bounding_box()
        assert 0 <= box["x"] <= 360 - box["width"]
        watched.finish()


def test_the_help_begins_at_its_top(browser: Any, page_file: Path) -> None:
    watched = opened(browser, page_file, "overview", viewport={"width": 360, "height": 600})
    watched.page.keyboard.press("?")
    expect(watched.page.locator("#help-title")).to_be_in_viewport()
    expect(watched.page.locator("dialog.help button")).not_to_be_in_viewport()
    watched.finish()


def test_paper_and_browsers_without_javascript_have_a_table(browser: Any, page_file: Path) -> None:
    watched = opened(browser, page_file, "overview")
    watched.page.emulate_media(media="print")
    rows = watched.page.locator(".static tbody tr")
    expect(rows).to_have_count(CLUSTERS)
    expect(rows.first).to_be_visible()
    expect(watched.page.locator("#app")).to_be_hidden()
    watched.finish()
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(page_file.as_uri())
    expect(plain.locator(".static tbody tr").first).to_be_visible()
    expect(plain.locator("noscript p")).to_be_visible()
    plain.close()


def test_less_motion_is_respected(browser: Any, page_file: Path) -> None:
    watched = opened(browser, page_file, "overview", reduced_motion="reduce")
    expect(watched.page.get_by_label("Play on hover")).not_to_be_checked()
    watched.finish()


def test_forced_colours_keep_switches_and_bars(browser: Any, page_file: Path) -> None:
    watched = opened(browser, page_file, "cluster/0", forced_colors="active")
    page = watched.page
    assert page.locator(".class-bar span").first.evaluate(
        "(part) => getComputedStyle(part).backgroundColor"
    ) != page.locator(".class-bar").first.evaluate("(bar) => getComputedStyle(bar).backgroundColor")
    page.get_by_role("button", name="Select", exact=True).click()
    outline = page.get_by_role("button", name="Select", exact=True).evaluate(
        "(button) => getComputedStyle(button).outlineStyle"
    )
    assert outline == "solid"
    watched.finish()


@pytest.fixture
def server(page_file: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = partial(Quiet, directory=str(page_file.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/index.html"
        running.shutdown()
        thread.join()


def test_any_server_can_serve_the_page(browser: Any, server: str) -> None:
    page = browser.new_page()
    page.goto(f"{server}#/cluster/1")
    expect(page.locator(".tile").first).to_be_visible()
    page.close()
