"""Scene changes: where shots were joined, and nowhere else."""

from pathlib import Path

import pytest

from selavi.data.media.shots import shots
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from tests.data.media.flashes import H264, ffmpeg, write

SCENES = (
    "testsrc=size=160x96:rate=25",
    "mandelbrot=size=160x96:rate=25:start_scale=0.4",
    "gradients=size=160x96:rate=25:seed=4:speed=0.01",
    "smptebars=size=160x96:rate=25",
)


def film(path: Path, *options: str, seconds: float = 3) -> Path:
    """Scenes of ffmpeg's own sources, `seconds` each, joined by cuts."""
    inputs = [
        argument
        for scene in SCENES
        for argument in ("-f", "lavfi", "-i", f"{scene}:duration={seconds}" if "mandel" not in scene
                         else f"{scene}[out];[out]trim=end={seconds}")
    ]  # fmt: skip
    joined = f"concat=n={len(SCENES)},format=yuv420p"
    ffmpeg(*inputs, "-filter_complex", joined, "-c:v", "libx264", "-g", "25", *options, str(path))
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi"])
def test_cuts_are_found(tmp_path: Path, name: str) -> None:
    # AVI does not store when a frame is shown, only its place in the order of decoding.
    assert shots(Segment(film(tmp_path / name))) == pytest.approx([3, 6, 9], abs=0.1)


def test_cuts_of_a_part(tmp_path: Path) -> None:
    """Times are of the file, and the part's own edges are none."""
    path = film(tmp_path / "a.mp4")
    assert shots(Segment(path, 5.0, 8.0)) == pytest.approx([6], abs=0.05)
    assert shots(Segment(path, 6.5, 8.5)) == []


def test_a_clock_that_begins_late(tmp_path: Path) -> None:
    path = film(tmp_path / "a.ts", "-output_ts_offset", "5000")
    assert shots(Segment(path)) == pytest.approx([3, 6, 9], abs=0.05)


def test_a_dissolve_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", f"{SCENES[0]}:duration=5",
        "-f", "lavfi", "-i", f"{SCENES[3]}:duration=5",
        "-filter_complex", "xfade=transition=fade:duration=0.5:offset=4.2,format=yuv420p",
        str(path),
    )  # fmt: skip
    [time] = shots(Segment(path))
    assert 4.0 < time < 5.3


def test_flicker_is_no_new_scene(tmp_path: Path) -> None:
    """Each frame is brighter or darker than the one before, as flames are."""
    path = tmp_path / "a.mp4"
    flicker = "geq=lum='lum(X,Y)*(0.6+0.4*mod(N*7,5)/4)':cb=128:cr=128"
    ffmpeg("-f", "lavfi", "-i", f"{SCENES[3]}:duration=6", "-vf", flicker, *H264, str(path))
    assert shots(Segment(path)) == []


def test_motion_is_no_new_scene(tmp_path: Path) -> None:
    """A camera that pans across noise, as fast as one frame in a second."""
    path = tmp_path / "a.mp4"
    pan = "noise=alls=100:allf=p,gblur=3,scroll=h=0.04,format=yuv420p"
    ffmpeg("-f", "lavfi", "-i", f"{SCENES[3]}:duration=6", "-vf", pan, *H264, str(path))
    assert shots(Segment(path)) == []


def test_a_damaged_file_gives_what_can_be_decoded(tmp_path: Path) -> None:
    path = film(tmp_path / "a.ts")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    found = shots(Segment(path))
    assert found == pytest.approx([3, 6, 9][: len(found)], abs=0.05)
    assert 1 <= len(found) < 3


def test_audio_has_no_scenes(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="no video stream"):
        shots(Segment(write(tmp_path / "a.mp3", "-vn")))
