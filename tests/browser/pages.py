"""Pages of twelve clips, and what a person does on them."""

from pathlib import Path
from typing import Any

import pytest

from selavi.data.schema import read_index
from selavi.files import write_csv
from selavi.label.names import name_clusters
from selavi.reporting.explorer import make_explorer

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

HOSTILE = """<img src=x onerror="hacked=1">'</script>"""
CLUSTERS = [0] * 6 + [1] * 3 + [3] * 3


def make_page(clips: Path, folder: Path, clusters: list[int], names: str) -> Path:
    """A page with names that stand in a file, as the workflow makes it."""
    table = read_index(clips)[["sample", "id", "key", "path"]].assign(label="", detail="")
    table["path"] = [f"{n}.mp4" for n in table["sample"]]
    table["cluster"], table["head"] = clusters, 2
    table["confidence"] = table["margin"] = [0.9 - 0.01 * n for n in table["sample"]]
    folder.mkdir(exist_ok=True)
    write_csv(folder / "train.csv", table)
    (folder / "mine.csv").write_text(f"cluster,name\n{names}", encoding="utf-8")
    names_file = folder / "names.csv"
    name_clusters(
        folder / "train.csv",
        names_file,
        clusters=max(4, max(clusters) + 1),
        names=folder / "mine.csv",
    )
    page = folder / "index.html"
    make_explorer([(folder / "train.csv", clips)], page, title="mine", names=names_file)
    return page


def rename(page: Any, cluster: int, name: str, key: str = "Enter") -> None:
    card = page.locator(f".card[data-cluster='{cluster}']")
    card.locator(".rename").focus()
    page.keyboard.press("Enter")
    expect(card.locator(".naming input")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(name)
    page.keyboard.press(key)


def select(page: Any, places: list[int]) -> None:
    page.get_by_role("button", name="Select", exact=True).click()
    for place in places:
        page.locator(".tile").nth(place).click()


def open_cluster(page: Any, number: int) -> None:
    page.locator(f".card[data-cluster='{number}'] h2 a").click()
    expect(page.locator(".page-head .facts")).to_contain_text("clip")


def saved(page: Any, button: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_text("utf-8")
