"""A Chromium, and clips for pages."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selavi.data.sources.demo_dataset import make_demo_dataset
from tests.browser.watched import Watched
from tests.conftest import make_split

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--autoplay-policy=no-user-gesture-required",
    "--no-sandbox",
    "--disable-gpu",
    "--mute-audio",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not chromium:
        pytest.skip(f"no {', '.join(PROGRAMS)} on the PATH")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def twelve_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index of six clips of each of two classes, beside their shard."""
    root = tmp_path_factory.mktemp("clips")
    make_demo_dataset(
        root / "videos", classes=2, train_per_class=6, test_per_class=0, bad_files=False, workers=1
    )
    return make_split(root / "videos" / "train", root, shards=1)


@pytest.fixture(scope="module")
def page_file(twelve_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of three clusters, of which two have names."""
    from tests.browser.pages import CLUSTERS, HOSTILE, make_page  # which skips without playwright

    hostile = HOSTILE.replace('"', '""')
    names = f'0,"Dogs, barking"\n3,"{hostile}"\n'
    return make_page(twelve_clips, tmp_path_factory.mktemp("names"), CLUSTERS, names)


@pytest.fixture
def page(browser: Any, page_file: Path) -> Iterator[Any]:
    """The page in a browser, once its clusters are there."""
    watched = Watched(browser, page_file, viewport={"width": 1280, "height": 900})
    watched.page.locator(".card").nth(2).wait_for()
    yield watched.page
    watched.finish()


@pytest.fixture(scope="session")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources with their packages, as `npm ci` installs them."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("npm is not on the PATH")
    folder = tmp_path_factory.mktemp("frontend") / "frontend"
    shutil.copytree(ROOT / "frontend", folder, ignore=shutil.ignore_patterns("node_modules"))
    run = subprocess.run([npm, "ci"], cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode and "network" in run.stderr.lower():
        pytest.skip("npm reaches no registry")
    assert run.returncode == 0, run.stderr[-3000:]
    return folder
