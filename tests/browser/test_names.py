"""Names of clusters on the page: shown, found, changed by keyboard, kept, and downloaded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selavi.data.schema import read_index
from selavi.files import write_csv
from selavi.label.names import name_clusters, read_names
from selavi.reporting.explorer import make_explorer
from tests.browser.watched import Watched, titles, visible

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

HOSTILE = """<img src=x onerror="hacked=1">'</script>"""
CLUSTERS = [0] * 6 + [1] * 3 + [3] * 3


def make_page(clips: Path, folder: Path, clusters: list[int], names: str) -> Path:
    """A page with names that stand in a file, as the workflow makes it."""
    table = read_index(clips)[["sample", "id", "key", "path", "label"]]
    table["label"] = table["detail"] = ""
    table["path"] = [f"{n}.mp4" for n in table["sample"]]
    table["cluster"] = clusters
    table["confidence"] = [0.9 - 0.01 * n for n in table["sample"]]
    folder.mkdir(exist_ok=True)
    write_csv(folder / "assignments.csv", table.assign(head=2))
    (folder / "mine.csv").write_text(f"cluster,name\n{names}", encoding="utf-8")
    names_file = folder / "names.csv"
    name_clusters(folder / "assignments.csv", names_file, clusters=4, names=folder / "mine.csv")
    page = folder / "index.html"
    splits = [(folder / "assignments.csv", clips)]
    make_explorer(splits, page, title="mine", names=names_file)
    return page


@pytest.fixture(scope="module")
def page_file(twelve_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names")
    hostile = HOSTILE.replace('"', '""')
    return make_page(twelve_clips, folder, CLUSTERS, f'0,"Dogs, barking"\n3,"{hostile}"\n')


@pytest.fixture
def page(browser: Any, page_file: Path) -> Iterator[Any]:
    watched = Watched(browser, page_file, viewport={"width": 1280, "height": 900})
    yield watched.page
    watched.finish()


def rename(page: Any, place: int, name: str, key: str = "Enter") -> None:
    card = page.locator(".card").nth(place)
    card.locator(".rename").focus()
    page.keyboard.press("Enter")
    expect(card.locator(".naming input")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(name)
    page.keyboard.press(key)
    expect(card.locator(".naming")).to_have_count(0)
    expect(card.locator(".rename")).to_be_focused()


def downloaded(page: Any, folder: Path) -> dict[int, str]:
    with page.expect_download() as started:
        page.get_by_role("button", name="Download names.csv").click()
    assert started.value.suggested_filename == "names.csv"
    started.value.save_as(folder / "names.csv")
    return read_names(folder / "names.csv", head=2)


def test_names_are_shown_and_found(page: Any) -> None:
    assert titles(page) == ["Dogs, barking Cluster 0", "Cluster 1", f"{HOSTILE} Cluster 3"]
    assert page.evaluate("typeof hacked") == "undefined"
    page.locator("#filter").fill("DOGS")
    assert titles(page) == ["Dogs, barking Cluster 0"]
    assert page.locator(".tile:visible").count() == 6
    page.locator("#filter").fill("#3")
    page.locator(".tile:visible").first.click()
    expect(page.locator("#large-place")).to_have_text(f"{HOSTILE} (cluster 3) · clip 1 of 3")
    assert page.locator("img[src=x]").count() == 0


def test_names_are_changed_by_keyboard_and_kept(page: Any) -> None:
    rename(page, 1, "  rain   and wind ")
    rename(page, 0, "")
    rename(page, 2, "nothing", key="Escape")
    expected = ["Cluster 0", "rain and wind Cluster 1", f"{HOSTILE} Cluster 3"]
    assert titles(page) == expected
    changed = "2 names changed, in this browser only. Download names.csv to keep them."
    expect(page.locator("#renamed")).to_have_text(changed)
    page.reload()
    assert titles(page) == expected
    page.locator("#filter").fill("wind")
    assert titles(page) == ["rain and wind Cluster 1"]
    page.locator("#filter").fill("")
    rename(page, 1, "")
    rename(page, 0, "Dogs, barking")
    expect(page.locator("#renamed")).to_have_text("")


def test_a_click_elsewhere_keeps_the_name(page: Any) -> None:
    page.get_by_role("button", name="Rename Cluster 1").click()
    page.keyboard.insert_text(HOSTILE)
    page.locator("h1").click()
    assert titles(page)[1] == f"{HOSTILE} Cluster 1"
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("x")', "-5", "'quoted", "a;=b", "@x", "'+1", 'é 漢字, "so"', "  "]
)
def test_downloaded_names_read_back(page: Any, tmp_path: Path, name: str) -> None:
    rename(page, 1, name)
    given = {0: "Dogs, barking", 1: name.strip(), 3: HOSTILE}
    assert downloaded(page, tmp_path) == {cluster: name for cluster, name in given.items() if name}
    raw = (tmp_path / "names.csv").read_text(encoding="utf-8-sig")
    assert ',"=' not in raw and ',"@' not in raw and ",\"'+1" not in raw


def test_names_that_went_into_the_page_are_its_own(
    browser: Any, twelve_clips: Path, tmp_path: Path
) -> None:
    page_file = make_page(twelve_clips, tmp_path / "page", CLUSTERS, "0,dogs\n")
    context = browser.new_context()

    def names_on_page() -> list[str]:
        page.goto(page_file.as_uri())
        return visible(page, ".card h2")

    page = context.new_page()
    page.goto(page_file.as_uri())
    rename(page, 1, "rain")
    rename(page, 0, "hounds")
    names = downloaded(page, tmp_path)
    assert names == {0: "hounds", 1: "rain"}
    # Made again with these names, the page has nothing that only this browser knows.
    lines = "".join(f"{cluster},{name}\n" for cluster, name in names.items())
    make_page(twelve_clips, tmp_path / "page", CLUSTERS, lines)
    assert names_on_page() == ["hounds Cluster 0", "rain Cluster 1", "Cluster 3"]
    expect(page.locator("#renamed")).to_have_text("")
    # A later edit of the file is not hidden by what the browser kept.
    make_page(twelve_clips, tmp_path / "page", CLUSTERS, "0,pack\n1,rain\n")
    assert names_on_page()[0] == "pack Cluster 0"
    rename(page, 2, "wind")
    # Another training: cluster 3 is not that of before, and the browser's name is not its.
    make_page(twelve_clips, tmp_path / "page", [3] * 6 + [1] * 3 + [0] * 3, "1,rain\n")
    other = [3] * 6 + [1] * 3 + [0] * 3
    assert names_on_page() == ["Cluster 3", "Cluster 0", "rain Cluster 1"]
    expect(page.locator("#renamed")).to_contain_text("names of an earlier page do not fit.")
    rename(page, 1, "sea")
    make_page(twelve_clips, tmp_path / "page", CLUSTERS, "0,pack\n1,rain\n")
    assert names_on_page()[2] == "wind Cluster 3"  # nothing was lost meanwhile
    make_page(twelve_clips, tmp_path / "page", other, "1,rain\n")
    assert names_on_page() == ["Cluster 3", "sea Cluster 0", "rain Cluster 1"]
    context.close()


def test_names_can_be_changed_where_nothing_can_be_stored(browser: Any, page_file: Path) -> None:
    page = browser.new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('refused'); }})"
    )
    page.goto(page_file.as_uri())
    rename(page, 1, "rain")
    assert titles(page)[1] == "rain Cluster 1"
    page.close()
