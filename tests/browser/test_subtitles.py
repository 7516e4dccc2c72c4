"""Subtitles of `selavi label --format webvtt`, as a browser's own parser reads them."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from selavi.label.formats.write import write_formats
from tests.label.formats.conftest import NAME, labels_of

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no chromium, chromium-browser or google-chrome on the PATH"
)

READ = """text => new Promise((resolve, reject) => {
  const track = document.createElement("track");
  track.onload = () => resolve([...track.track.cues].map(
    (cue) => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent]));
  track.onerror = () => reject(new Error("not a WebVTT file"));
  track.src = URL.createObjectURL(new Blob([text], { type: "text/vtt" }));
  const video = document.createElement("video");
  video.append(track);
  document.body.append(video);
  track.track.mode = "showing";
})"""


def test_a_browser_reads_every_cue(tmp_path: Path) -> None:
    labels = labels_of(
        [
            {"path": "/v/x.mp4", "name": NAME},
            {"path": "/v/x.mp4", "start": 5.0, "end": 15.25, "name": "NOTE &lt; 漢字"},
            {"path": "/v/x.mp4", "start": 36000.5, "end": 36010.0004, "confidence": 0.056},
        ]
    )
    text = (write_formats(labels, tmp_path, ["webvtt"])["webvtt"] / "x.vtt").read_text("utf-8")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        cues: Any = browser.new_page().evaluate(READ, text)
        browser.close()
    assert cues == [
        [0, 10, 'dogs & <b>cats</b> --> [31m"it\'s" (90%)'],
        [5, 15.25, "NOTE &lt; 漢字 (90%)"],
        [36000.5, 36010, "cluster 0 (6%)"],
    ]
