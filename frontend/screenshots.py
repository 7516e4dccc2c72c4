"""Take the screenshots of docs/explorer/: each part at two widths, light and dark.

    python frontend/screenshots.py results/explorer/demo/index.html

The page should be of a run with classes, a map and several numbers of clusters. It needs the
development's packages and a Chromium on the PATH.
"""

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS, HEIGHT = (1400, 390), 900
SCHEMES = ("light", "dark")
GAP, SCALE, QUALITY = 20, 0.66, 72


def open_clip(page: Page) -> None:
    """Open the second clip of a cluster."""
    page.locator(".tile").nth(1).click()
    page.locator("dialog.clip").wait_for()


def open_help(page: Page) -> None:
    """Open the help."""
    page.get_by_role("button", name="Help").click()


def select_clips(page: Page) -> None:
    """Select four clips of a cluster."""
    page.get_by_role("button", name="Select", exact=True).click()
    page.locator(".tile").nth(1).click()
    page.locator(".tile").nth(4).click(modifiers=["Shift"])


def correct_clips(page: Page) -> None:
    """Split four clips off, take one of another cluster out, and look at what that changed."""
    select_clips(page)
    page.get_by_role("button", name="New cluster").click()
    page.evaluate("location.hash = '#/cluster/2'")
    page.locator(".tile").first.click()
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#/corrections'")


def draw_lasso(page: Page) -> None:
    """Select what is in the middle of the upper half of the map."""
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".plane canvas").bounding_box()
    assert box
    corners = [(0.3, 0.1), (0.6, 0.1), (0.6, 0.45), (0.3, 0.45), (0.3, 0.1)]
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


PARTS: dict[str, tuple[str, Callable[[Page], None] | None]] = {
    "overview": ("overview", None),
    "cluster": ("cluster/1", None),
    "clip": ("cluster/1", open_clip),
    "selection": ("cluster/1", select_clips),
    "map": ("map", None),
    "lasso": ("map", draw_lasso),
    "quality": ("quality", None),
    "confusion": ("confusion", None),
    "tree": ("tree", None),
    "sizes": ("sizes", None),
    "training": ("training", None),
    "corrections": ("cluster/1", correct_clips),
    "missing": ("missing", None),
    "help": ("overview", open_help),
}
"""By name: an address in the page, and what a person does there."""


def shot(browser: Browser, file: Path, part: str, width: int, scheme: Any, output: Path) -> None:
    """A picture of a part, as a person first sees it."""
    address, act = PARTS[part]
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{file.as_uri()}#/{address}")
    page.locator("main h1, .card").first.wait_for()
    if act:
        act(page)
    page.wait_for_timeout(1000)  # pictures and points are drawn when they come into view
    page.screenshot(path=output)
    context.close()


def sheet(pictures: list[list[Path]], output: Path) -> None:
    """Pictures in rows, as one."""
    rows = [[Image.open(path).convert("RGB") for path in row] for row in pictures]
    width = sum(picture.width for picture in rows[0]) + GAP * (len(rows[0]) - 1)
    height = HEIGHT * len(rows) + GAP * (len(rows) - 1)
    whole = Image.new("RGB", (width, height), "#808080")
    for down, row in enumerate(rows):
        across = 0
        for picture in row:
            whole.paste(picture, (across, down * (HEIGHT + GAP)))
            across += picture.width + GAP
    size = round(width * SCALE), round(height * SCALE)
    whole.resize(size, Image.Resampling.LANCZOS).save(output, quality=QUALITY, method=6)


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("page", type=Path, help="index.html of a page")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/explorer", help="a folder")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS], metavar="NAME")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, PROGRAMS)), None)
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--mute-audio"]
        )
        for part in options.parts:
            pictures = []
            for scheme in SCHEMES:
                row = [options.output / f"{part}-{scheme}-{width}.png" for width in WIDTHS]
                for width, path in zip(WIDTHS, row, strict=True):
                    shot(browser, options.page.resolve(), part, width, scheme, path)
                pictures.append(row)
            sheet(pictures, options.output / f"{part}.webp")
            for row in pictures:
                for path in row:
                    path.unlink()
            print(options.output / f"{part}.webp")
        browser.close()


if __name__ == "__main__":
    main()
