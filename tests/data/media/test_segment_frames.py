"""Frames before a segment are decoded, not stored: what is stored does not depend on it."""

import math
from pathlib import Path

import pytest

from selavi.data.media.decode import command_for
from selavi.data.media.normalise import Normalised, normalise
from selavi.data.media.streams import find_streams
from selavi.data.media.timeline import Segment, Timeline, read_timeline
from tests.data.media import flashes
from tests.data.media.flashes import MEDIA


@pytest.mark.parametrize(
    "coding",
    [
        ["-g", "500", "-bf", "3"],
        ["-g", "500", "-vf", "select='not(mod(n,7))+lt(n,40)'", "-fps_mode", "vfr"],
    ],
    ids=["long group of pictures", "variable frame rate"],
)
@pytest.mark.parametrize(("start", "end"), [(4.4, 6.0), (5.5, 7.0), (0.5, 2.0)])
def test_the_same_bytes_whichever_frames_are_dropped(
    coding: list[str], start: float, end: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = flashes.write(tmp_path / "a.mp4", *coding, seconds=(0, 8))
    source = Segment(video, start, end)

    def made(name: str) -> Normalised:
        (tmp_path / name).mkdir()
        return normalise(source, MEDIA, tmp_path / name)

    streams = find_streams(video, MEDIA)
    command = command_for(
        video, streams, None, read_timeline(source, streams), MEDIA, tmp_path / "a.nut"
    )
    assert any("select=" in argument for argument in command)
    fewer = made("fewer")
    monkeypatch.setattr(Timeline, "needed_from", property(lambda _: -math.inf))
    assert made("all") == fewer
