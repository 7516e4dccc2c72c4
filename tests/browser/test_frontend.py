"""The sources of the page: types, unit tests, and that the committed bundle is made from them."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "selavi/reporting/explorer/built"
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def call(*command: str, folder: Path) -> None:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]


def test_types(frontend: Path) -> None:
    call("npm", "run", "check", folder=frontend)


def test_units(frontend: Path) -> None:
    call("npm", "test", folder=frontend)


def test_the_bundle_is_made_from_these_sources(frontend: Path, tmp_path: Path) -> None:
    call("node", "build.mjs", str(tmp_path), folder=frontend)
    for path in sorted(tmp_path.iterdir()):
        assert (BUILT / path.name).read_bytes() == path.read_bytes(), (
            f"{path.name} is not up to date; run `npm run build` in frontend/"
        )


def test_each_part_of_the_page_has_a_screenshot_in_the_docs() -> None:
    pages = re.findall(
        r'\{ name: "(\w+)", word', (ROOT / "frontend/src/views/pages.ts").read_text()
    )
    parts = runpy.run_path(str(ROOT / "frontend/screenshots.py"))["PARTS"]
    assert len(pages) >= 10
    assert set(pages) <= set(parts)
    guide = (ROOT / "docs/explorer.md").read_text()
    for part in parts:
        assert f"explorer/{part}.webp" in guide
    pictures = {path.stem: path.stat().st_size for path in (ROOT / "docs/explorer").glob("*.webp")}
    assert set(pictures) == set(parts)
    assert max(pictures.values()) < 300_000 and sum(pictures.values()) < 2_500_000
