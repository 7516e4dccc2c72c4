"""Audio and video stay in step, whatever the clock of the file does."""

import io
from pathlib import Path

import av
import pytest

from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from tests.data.media.flashes import (
    FPS,
    H264,
    MEDIA,
    SPARSE,
    STEP,
    ffmpeg,
    lengths,
    look,
    stored,
    write,
)


def joined(path: Path, *parts: Path) -> Path:
    """Parts one behind the other, as they are."""
    names = path.with_suffix(".txt")
    names.write_text("".join(f"file '{part}'\n" for part in parts))
    ffmpeg("-f", "concat", "-safe", "0", "-i", str(names), "-c", "copy", str(path))
    return path


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((*H264, "-c:a", "aac"), (*H264, "-colorspace", "bt709", "-c:a", "aac")),
        ((*H264, "-c:a", "aac"), (*H264, "-vf", "setsar=2", "-c:a", "aac")),
        ((*H264, "-c:a", "ac3"), (*H264, "-c:a", "ac3", "-ar", "32000")),
        ((*H264, "-c:a", "ac3", "-ac", "6"), (*H264, "-c:a", "ac3", "-ac", "1")),
    ],
    ids=["colours", "aspect", "sample rate", "channels"],
)
def test_a_stream_that_changes_in_mid_file(
    tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    """There and back: what the filters remember is lost with each change."""
    parts = [
        write(tmp_path / f"{n}.mkv", *coding, seconds=(3 * n, 3 * n + 3))
        for n, coding in enumerate((first, second, first))
    ]
    clip = stored(joined(tmp_path / "all.mkv", *parts))
    assert lengths(clip) == pytest.approx((9, 9), abs=0.1)
    assert sorted(look(clip).flashes) == list(range(9))


@pytest.mark.parametrize("name", ["a.webm", "a.ts"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["larger", "smaller"])
def test_frames_that_change_their_size(tmp_path: Path, name: str, order: tuple[int, int]) -> None:
    coding = ("-c:v", "libvpx", "-c:a", "libopus") if name == "a.webm" else (*H264, "-c:a", "aac")
    parts = [
        write(tmp_path / f"{n}{name}", *coding, seconds=(4 * n, 4 * n + 4), size=size)
        for n, size in enumerate([(160, 96), (320, 192)])
    ]
    clip = stored(joined(tmp_path / name, *(parts[n] for n in order)))
    assert lengths(clip) == pytest.approx((8, 8), abs=0.1)
    assert sorted(look(clip).flashes) == list(range(8))


def test_frames_of_another_shape_get_bars(tmp_path: Path) -> None:
    parts = [
        write(tmp_path / f"{n}.ts", *H264, "-c:a", "aac", size=size)
        for n, size in enumerate([(160, 96), (96, 96)])
    ]
    clip = normalise(Segment(joined(tmp_path / "a.ts", *parts)), MEDIA, tmp_path)
    assert (clip.width, clip.height) == (80, 48)
    with av.open(io.BytesIO(clip.video)) as video:
        *_, last = (frame.to_ndarray(format="gray") for frame in video.decode(video=0))
    assert last[:, :12].mean() == pytest.approx(0, abs=3)
    assert last[:, 20:60].mean() == pytest.approx(40, abs=3)


@pytest.mark.parametrize("whole", [True, False])
def test_files_put_one_behind_the_other(tmp_path: Path, whole: bool) -> None:
    """Their clock begins anew with each; of the second, most timestamps of the audio are wrong."""
    one = write(tmp_path / "1.ts", *H264, "-c:a", "aac", "-ar", "44100")
    two = write(tmp_path / "2.ts", *H264, "-c:a", "aac", "-ar", "22050", seconds=(4, 8))
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    clip = stored(both) if whole else stored(both, 2.6, 6.8)
    assert lengths(clip) == pytest.approx((8, 8) if whole else (4.2, 4.2), abs=0.15)
    assert sorted(look(clip).flashes) == (list(range(8)) if whole else [3, 4, 5, 6])


def test_a_clock_that_cannot_be_mended(tmp_path: Path) -> None:
    """In this order, the wrong timestamps make ffmpeg see a jump at each of them."""
    one = write(tmp_path / "1.ts", *H264, "-c:a", "aac", "-ar", "22050")
    two = write(tmp_path / "2.ts", *H264, "-c:a", "aac", "-ar", "44100", seconds=(4, 8))
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    with pytest.raises(Rejected, match="its timestamps go back or jump") as caught:
        normalise(Segment(both), MEDIA, tmp_path)
    assert caught.value.reason == "out-of-step"


NOISE = ("-vf", "noise=alls=20:allf=t")


def test_a_still_is_held(tmp_path: Path) -> None:
    """One frame, for as long as its file says, with a segment in the middle."""
    flashing = write(tmp_path / "a.mp4", *H264, "-c:a", "aac", seconds=(0, 6))
    still = tmp_path / "still.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "color=white:size=160x96:rate=1/6:duration=6", "-i", str(flashing),
        "-map", "0:v", "-map", "1:a", *H264, "-c:a", "copy", str(still),
    )  # fmt: skip
    clip = normalise(Segment(still, 2.2, 4.7), MEDIA, tmp_path)
    assert lengths(clip) == pytest.approx((2.5, 2.5), abs=0.02)


@pytest.mark.parametrize("codec", ["libopus", "aac"])
def test_packets_of_audio_that_are_lost(tmp_path: Path, codec: str) -> None:
    """Single ones, of 20 ms: what comes after them does not come sooner."""
    path, holes = write(tmp_path / "a.mkv", *H264, "-c:a", codec), tmp_path / "b.mkv"
    lost = "noise=drop=not(mod(n\\,30)-3)*gt(n\\,10)"
    ffmpeg("-i", str(path), "-c", "copy", "-bsf:a", lost, str(holes))
    assert holes.stat().st_size < path.stat().st_size
    clip = stored(holes)
    assert look(clip).offset < 0.005
    assert lengths(clip) == pytest.approx((4, 4), abs=0.05)


def test_a_stream_that_begins_late(tmp_path: Path) -> None:
    """Audio from 4 s on, and segments of before, across and after; then video from 2 s on."""
    path = write(tmp_path / "a.mkv", *H264, "-c:a", "aac", seconds=(0, 9))
    late, later = tmp_path / "late.mkv", tmp_path / "later.mkv"
    begins = "noise=drop=lt(pts*tb\\,4)"
    ffmpeg("-i", str(path), "-c", "copy", "-bsf:a", begins, str(late))
    assert normalise(Segment(late), MEDIA, tmp_path).notes == ""
    clip = normalise(Segment(late, 3.0, 6.0), MEDIA, tmp_path)
    assert lengths(clip) == pytest.approx((3, 3), abs=0.02)
    assert sorted(look(clip).beeps) == [4, 5]
    assert sorted(look(stored(late, 5.0, 8.0)).beeps) == [5, 6, 7]
    with pytest.raises(Rejected, match="no audio within the segment") as caught:
        normalise(Segment(late, 1.0, 3.0), MEDIA, tmp_path)
    assert caught.value.reason == "no-audio"
    begins = "noise=drop=lt(pts*tb\\,2)"
    every = (*H264, "-g", "1", "-c:a", "aac")
    path = write(tmp_path / "b.mkv", *every, seconds=(0, 9))
    ffmpeg("-i", str(path), "-c", "copy", "-bsf:v", begins, str(later))
    clip = normalise(Segment(later), MEDIA, tmp_path)
    assert lengths(clip) == pytest.approx((9, 9), abs=0.1)
    seen = look(clip)
    assert sorted(seen.flashes) == list(range(2, 9))
    assert max(abs(seen.flashes[n] - seen.beeps[n]) for n in seen.flashes) <= STEP + 1 / MEDIA.fps


@pytest.mark.parametrize("name", ["a.ts", "a.mpg"])
@pytest.mark.parametrize("kind", ["audio", "video"])
def test_a_stream_that_drops_out_for_long(tmp_path: Path, name: str, kind: str) -> None:
    """Of a broadcast, for longer than ffmpeg takes for a jump of the clock."""
    coding = (*H264, "-g", "10") if name == "a.ts" else (*NOISE, "-c:v", "mpeg2video", "-g", "10")
    whole = write(tmp_path / f"whole-{name}", *coding, "-c:a", "mp2", seconds=(0, 16))
    path, lost = tmp_path / name, "noise=drop=between(pts*tb\\,2.5\\,14.2)"
    ffmpeg("-i", str(whole), "-c", "copy", f"-bsf:{kind[0]}", lost, str(path))
    clip = normalise(Segment(path), MEDIA, tmp_path)
    assert lengths(clip) == pytest.approx((16, 16), abs=0.1)
    assert clip.notes == ""
    seen = look(clip)
    for times in (seen.flashes.values(), seen.beeps.values()):
        assert min(times) == pytest.approx(12 / FPS, abs=0.06)
        assert max(times) == pytest.approx(15 + 12 / FPS, abs=0.06)


def test_a_clock_that_goes_back_where_ffmpeg_mends_none(tmp_path: Path) -> None:
    """A streamer that connects again writes a second recording behind the first."""
    one, two = (
        write(tmp_path / f"{n}.flv", *H264, "-c:a", "aac", seconds=(4 * n, 4 * n + 4))
        for n in range(2)
    )
    both = tmp_path / "both.flv"
    both.write_bytes(one.read_bytes() + two.read_bytes()[13:])
    with pytest.raises(Rejected, match="its timestamps go back") as caught:
        normalise(Segment(both), MEDIA, tmp_path)
    assert caught.value.reason == "out-of-step"


def test_times_that_go_on_without_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", *H264, "-c:a", "aac")
    for kind in ("v", "a"):
        far = tmp_path / f"far-{kind}.mkv"
        jump = "setts=ts=if(gt(N\\,50)\\,TS+1e7\\,TS)"
        ffmpeg("-i", str(path), "-c", "copy", f"-bsf:{kind}", jump, str(far))
        with pytest.raises(Rejected, match=r"it has a gap of [\d,]+ seconds") as caught:
            normalise(Segment(far), MEDIA, tmp_path)
        assert caught.value.reason == "bad-times"


def test_a_frame_that_stands_for_long_is_ended_in_time(tmp_path: Path) -> None:
    """ffmpeg has long ended when the time is up."""
    path, long = write(tmp_path / "a.mkv", *H264, audio=False), tmp_path / "long.mkv"
    jump = "setts=ts=if(gt(N\\,50)\\,TS+3500000\\,TS)"
    ffmpeg("-i", str(path), "-c", "copy", "-bsf:v", jump, str(long))
    hasty = MEDIA.model_copy(update={"timeout_seconds": 0.5, "audio": "none"})
    with pytest.raises(Rejected) as caught:
        normalise(Segment(long), hasty, tmp_path)
    assert caught.value.reason == "timeout"


def test_lengths_that_files_say_wrongly(tmp_path: Path) -> None:
    """None is called truncated, and frames far apart are no clock that goes back."""
    slow = [
        write(tmp_path / name, "-r", "1", *coding, seconds=(0, 9))
        for name, *coding in (
            ("slow.mkv", "-c:v", "libx264", "-bf", "3", "-c:a", "aac"),
            ("slow.wmv", "-c:v", "wmv2", "-c:a", "wmav2"),
        )
    ]
    sparse = write(tmp_path / "a.mkv", *H264, *SPARSE, "-c:a", "aac", seconds=(0, 9))
    adpcm = write(tmp_path / "a.flv", "-c:v", "flv", "-c:a", "adpcm_swf", "-ar", "11025")
    for path in (*slow, sparse, adpcm):
        assert normalise(Segment(path), MEDIA, tmp_path).notes == ""
