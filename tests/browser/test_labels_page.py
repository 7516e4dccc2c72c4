"""The page of `selavi label`: what it says beyond that of a run."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selavi.cli import main
from tests.reporting.pages import read_column

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


@pytest.fixture(scope="module")
def labels(
    make_video: Callable[..., Path],
    make_model: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Two videos, a copy of the first of them, and one without audio."""
    folder = tmp_path_factory.mktemp("labels")
    first = make_video(folder / "in/a.mp4", 2)
    shutil.copyfile(first, folder / "in/copy.mp4")
    make_video(folder / "in/mute.mp4", 2, audio=False, size="64x48")
    model = make_model(folder / "model.pt")
    command = ["label", str(folder / "in"), "--model", str(model), "--explorer", "--workers", "1"]
    assert main([*command, "--output", str(folder / "out")]) == 0
    return folder / "out/explorer/index.html"


def test_a_clip_leads_to_the_one_that_it_repeats(browser: Any, labels: Path) -> None:
    keys = read_column(labels, "keys")
    copy, first = keys.index("copy.mp4"), keys.index("a.mp4")
    assert read_column(labels, "repeats") == {str(copy): first}
    page = browser.new_page()
    page.goto(labels.as_uri())
    page.locator(f".tile[data-row='{copy}']").first.click()
    dialog = page.locator("dialog.clip")
    expect(dialog).to_contain_text("It is the same, or nearly, as")
    dialog.get_by_role("button", name="a.mp4", exact=True).click()
    expect(dialog.locator("h2")).to_have_text("a.mp4")
    expect(dialog).not_to_contain_text("It is the same")
    page.close()


def test_heads_that_are_not_selected_have_their_own_agreement(browser: Any, labels: Path) -> None:
    page = browser.new_page()
    page.goto(f"{labels.as_uri()}#/quality")
    names = page.locator("dl.figures dt")
    expect(names.first).to_have_text("Heads agree")
    page.locator("#modality").select_option("audio")
    expect(names.first).to_have_text("Heads agree (NMI)")
    expect(page.locator(".masthead")).to_contain_text("1 clip in no cluster: without audio")
    page.close()
