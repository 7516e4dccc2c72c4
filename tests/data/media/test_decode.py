"""Segments of videos: the right seconds, in step, wherever the decoder begins to read."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from tests.data.media.flashes import FPS, H264, MEDIA, SPARSE, STEP, lengths, look, stored, write

CUT = {
    "ts": ("a.ts", *H264, "-g", "50", "-c:a", "aac"),
    "ts as mp4": ("a.mp4", *H264, "-g", "50", "-c:a", "aac", "-f", "mpegts"),
    "ts, mpeg2": ("b.ts", "-c:v", "mpeg2video", "-g", "50", "-c:a", "mp2"),
    "mpg": (
        "a.mpg", "-vf", "noise=alls=20:allf=t", "-c:v", "mpeg2video", "-g", "50", "-c:a", "mp2",
    ),
    "mp4": ("c.mp4", *H264, "-g", "250", "-bf", "2", "-c:a", "aac"),
    "mkv": ("a.mkv", *H264, "-g", "250", "-c:a", "libopus"),
    "avi": ("a.avi", "-c:v", "mpeg4", "-g", "50", "-c:a", "pcm_s16le"),
    "flv": ("a.flv", *H264, "-g", "250", "-c:a", "aac"),
    "wmv": ("a.wmv", "-c:v", "wmv2", "-g", "50", "-c:a", "wmav2"),
    "ogv": ("a.ogv", "-c:v", "libvpx", "-g", "50", "-c:a", "libvorbis"),
    "few frames": ("d.mp4", *H264, *SPARSE, "-c:a", "aac"),
    "few frames, mkv": ("d.mkv", *H264, *SPARSE, "-c:a", "aac"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CUT)
def test_segments(tmp_path: Path, kind: str) -> None:
    name, *coding = CUT[kind]
    path = write(tmp_path / name, *coding, seconds=(0, 9))
    for start, end in ((2.7, 6.3), (3.3, 4.9)):
        clip = stored(path, start, end)
        assert clip.notes == ""
        assert lengths(clip) == pytest.approx((end - start, end - start), abs=0.02)
        seen = look(clip)
        inside = [n for n in range(9) if start <= n + 12 / FPS < end - 0.1]
        assert sorted(seen.flashes) == inside
        for n in inside:
            assert seen.flashes[n] == pytest.approx(n + 12 / FPS - start, abs=STEP + 1 / MEDIA.fps)


def test_a_segment_beyond_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", *H264, "-c:a", "aac")
    for start in (4.5, 400.0):
        with pytest.raises(
            Rejected, match=r"begins at .* s, after the video, which ends at 4\.00 s"
        ):
            normalise(Segment(path, start, start + 3), MEDIA, tmp_path)
    with pytest.raises(Rejected, match=r"the video lasts 0\.80 s"):
        normalise(Segment(path, 3.2, 9.0), MEDIA, tmp_path)
    clip = stored(path, 2.2, 9.0)
    assert lengths(clip) == pytest.approx((1.8, 1.8), abs=0.05)
    assert clip.notes == ""


@pytest.mark.parametrize(("begins", "part"), [(0.0, (1.0, 3.3)), (0.3, (1.0, 3.0))])
def test_a_segment_that_begins_a_second_after_the_file(
    tmp_path: Path, begins: float, part: tuple[float, float]
) -> None:
    """From where reading begins there is next to nothing: no number for ffmpeg to stumble at."""
    path = write(tmp_path / "a.ts", *H264, "-c:a", "aac", "-output_ts_offset", str(begins))
    clip = stored(path, *part)
    assert lengths(clip) == pytest.approx((part[1] - part[0],) * 2, abs=0.03)


def test_segments_of_files_put_one_behind_the_other(tmp_path: Path) -> None:
    """Of the second, and across, whatever the clock of each."""
    for clocks in ((0, 0), (5000, 9000), (0, 1000)):
        parts = [
            write(
                tmp_path / f"{n}-{clock}.ts", *H264, "-g", "10", "-c:a", "aac",
                "-output_ts_offset", str(clock), seconds=(4 * n, 4 * n + 4),
            )
            for n, clock in enumerate(clocks)
        ]  # fmt: skip
        both = tmp_path / f"{clocks[1]}.ts"
        both.write_bytes(b"".join(part.read_bytes() for part in parts))
        assert sorted(look(stored(both, 5.2, 7.2)).flashes) == [5, 6]
        assert sorted(look(stored(both, 2.6, 6.8)).flashes) == [3, 4, 5, 6]
        assert sorted(look(stored(both)).flashes) == list(range(8))


@pytest.mark.parametrize(("rate", "end"), [("1", 2.3), ("5", 2.28)])
def test_a_segment_that_ends_within_a_long_frame(tmp_path: Path, rate: str, end: float) -> None:
    path = write(tmp_path / "a.avi", "-r", rate, "-c:v", "mjpeg", "-c:a", "pcm_s16le")
    clip = normalise(Segment(path, 0.0, end), MEDIA, tmp_path)
    assert lengths(clip) == pytest.approx((end, end), abs=0.02)
    assert clip.notes == ""


def test_ffmpeg_that_begins_to_read_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then an earlier place is tried, down to the file's beginning."""
    from selavi.data.media import decode

    path = write(tmp_path / "a.ts", *H264, "-g", "50", "-c:a", "aac", seconds=(0, 9))
    monkeypatch.setattr(decode, "LEAD_SECONDS", (-2.0, -1.0, 0.0, np.inf))
    clip = stored(path, 2.7, 6.3)
    assert look(clip).flashes[3] == pytest.approx(3.48 - 2.7, abs=STEP)
    shutil.rmtree(tmp_path / "scratch")
