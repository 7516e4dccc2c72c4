"""Audio and video stay in step, whatever the file: seen by flashes and beeps in stored clips."""

import io
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from selavi.data.media.grid import FrameGrid, place_samples
from selavi.data.media.normalise import Normalised, normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from tests.data.flashes import FPS, MEDIA, ffmpeg, look, write

STEP = 0.02  # seconds, and a stored frame
H264 = ("-c:v", "libx264", "-preset", "ultrafast")
FILES = {
    "mp4": ("a.mp4", *H264, "-c:a", "aac"),
    "mp4, b-frames": ("b.mp4", "-c:v", "libx264", "-bf", "3", "-c:a", "aac"),
    "mp4, in fragments": (
        "c.mp4", *H264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov",
    ),
    "mov, pcm": ("a.mov", *H264, "-c:a", "pcm_s16le"),
    "mov, prores": ("b.mov", "-c:v", "prores", "-c:a", "alac"),
    "mkv, opus": ("a.mkv", *H264, "-c:a", "libopus"),
    "mkv, hevc": (
        "b.mkv", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
        "-c:a", "libvorbis",
    ),
    "mkv, ffv1": ("c.mkv", "-c:v", "ffv1", "-c:a", "flac"),
    "mkv, dts": ("d.mkv", *H264, "-c:a", "dca", "-strict", "-2"),
    "webm, vp8": ("a.webm", "-c:v", "libvpx", "-c:a", "libopus"),
    "webm, vp9": (
        "b.webm", "-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime",
        "-c:a", "libvorbis",
    ),
    "webm, av1": ("c.webm", "-c:v", "libsvtav1", "-preset", "12", "-c:a", "libopus"),
    "avi, mp3": ("a.avi", "-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "avi, mjpeg": ("b.avi", "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "avi, ac3": ("c.avi", "-c:v", "msmpeg4", "-c:a", "ac3"),
    "flv": ("a.flv", "-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100"),
    "flv, h264": ("b.flv", *H264, "-c:a", "aac"),
    "ts": ("a.ts", *H264, "-c:a", "aac"),
    "ts, mpeg2": ("b.ts", "-c:v", "mpeg2video", "-c:a", "mp2"),
    "mts": ("a.mts", *H264, "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1"),
    # Noise, as of frames that are next to empty several share a timestamp.
    "mpg": ("a.mpg", "-vf", "noise=alls=20:allf=t", "-c:v", "mpeg2video", "-c:a", "mp2"),
    "mpg, mpeg1": ("b.mpg", "-vf", "noise=alls=20:allf=t", "-c:v", "mpeg1video", "-c:a", "mp2"),
    "vob": ("a.vob", "-vf", "noise=alls=20:allf=t", "-c:v", "mpeg2video", "-c:a", "ac3"),
    "wmv": ("a.wmv", "-c:v", "wmv2", "-c:a", "wmav2"),
    "ogv": ("a.ogv", "-c:v", "libvpx", "-c:a", "libvorbis"),
    "3gp": (
        "a.3gp", "-s", "176x144", "-c:v", "h263", "-ar", "8000", "-c:a", "libopencore_amrnb",
    ),
    "3g2": ("a.3g2", *H264, "-c:a", "aac"),
    "mxf": ("a.mxf", "-c:v", "mpeg2video", "-c:a", "pcm_s16le"),
    "wtv": ("a.wtv", "-c:v", "mpeg2video", "-c:a", "mp2"),
    "rm": ("a.rm", "-c:v", "rv10", "-c:a", "ac3"),
    "dv": (
        "a.dv", "-s", "720x576", "-c:v", "dvvideo", "-ar", "48000", "-ac", "2",
        "-c:a", "pcm_s16le",
    ),
}  # fmt: skip


def stored(path: Path, start: float | None = None, end: float | None = None) -> Normalised:
    """The clip, which must be in step and the same at every making."""
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    clips = [normalise(Segment(path, start, end), MEDIA, scratch) for _ in range(2)]
    assert clips[0] == clips[1]
    assert look(clips[0]).offset <= STEP + 1 / MEDIA.fps
    return clips[0]


def lengths(clip: Normalised) -> tuple[float, float]:
    return clip.frames / MEDIA.fps, clip.samples / MEDIA.audio_rate


def joined(path: Path, *parts: Path) -> Path:
    """Parts one behind the other, as they are."""
    names = path.with_suffix(".txt")
    names.write_text("".join(f"file '{part}'\n" for part in parts))
    ffmpeg("-f", "concat", "-safe", "0", "-i", str(names), "-c", "copy", str(path))
    return path


@pytest.mark.parametrize("kind", FILES)
def test_every_container_and_codec(tmp_path: Path, kind: str) -> None:
    name, *coding = FILES[kind]
    clip = stored(write(tmp_path / name, *coding))
    assert lengths(clip) == pytest.approx((4, 4), abs=0.1)
    assert sorted(look(clip).flashes) == [0, 1, 2, 3]
    assert clip.notes == ""


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
SPARSE = ("-vf", "mpdecimate=max=0", "-fps_mode", "vfr")
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


def test_frames_are_put_where_their_times_say() -> None:
    grid = FrameGrid(zero=10.0, fps=10.0, end=11.0, due=10.31, until=11.4)
    others = [(t, av.VideoFrame(2, 2, "gray")) for t in (9.0, 9.96, 10.26, 10.31, 11.0)]
    placed = list(grid.place(others))
    numbers = [[frame is placed_one for _, frame in others].index(True) for placed_one in placed]
    assert numbers == [1, 1, 1, 3, 3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("lags", "expected"),
    [
        ([0] * 200, 0),
        ([0] * 50 + [20] * 150, 20),
        ([0] * 50 + [-30] * 150, -30),
        ([0, -5, -10, -15, -20, -25, -30, -35] * 25, 0),
        ([0, 5, 10, 15, 20, 25, 30, 35] * 25, 0),
    ],
    ids=["in order", "a gap", "an overlap", "times too short", "times too long"],
)
def test_samples_are_put_where_most_of_their_times_say(lags: list[int], expected: int) -> None:
    """Stretches of 20 ms, with how much too late their times are, in ms; the last is a click."""
    stretches = [np.zeros(20, np.int16) for _ in lags]
    stretches[-20][0] = 1
    parts = [(20 * n + lag, s) for n, (lag, s) in enumerate(zip(lags, stretches, strict=True))]
    placed = place_samples(parts, rate=1000)
    assert int(placed.argmax()) == 20 * (len(lags) - 20) + expected


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


def test_a_clock_that_goes_back_where_ffmpeg_mends_none(tmp_path: Path) -> None:
    """A streamer that connects again writes a second recording behind the first."""
    one, two = (
        write(tmp_path / f"{n}.flv", *H264, "-c:a", "aac", seconds=(4 * n, 4 * n + 4))
        for n in range(2)
    )
    both = tmp_path / "both.flv"
    both.write_bytes(one.read_bytes() + two.read_bytes()[13:])
    with pytest.raises(Rejected, match="its clock goes back") as caught:
        normalise(Segment(both), MEDIA, tmp_path)
    assert caught.value.reason == "out-of-step"


def test_times_that_go_on_without_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", *H264, "-c:a", "aac")
    for kind in ("v", "a"):
        far = tmp_path / f"far-{kind}.mkv"
        jump = "setts=ts=if(gt(N\\,50)\\,TS+1e7\\,TS)"
        ffmpeg("-i", str(path), "-c", "copy", f"-bsf:{kind}", jump, str(far))
        with pytest.raises(Rejected, match=r"nothing new for [\d,]+ seconds") as caught:
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


@pytest.mark.parametrize(("rate", "end"), [("1", 2.3), ("5", 2.28)])
def test_a_segment_that_ends_within_a_long_frame(tmp_path: Path, rate: str, end: float) -> None:
    path = write(tmp_path / "a.avi", "-r", rate, "-c:v", "mjpeg", "-c:a", "pcm_s16le")
    clip = normalise(Segment(path, 0.0, end), MEDIA, tmp_path)
    assert lengths(clip) == pytest.approx((end, end), abs=0.02)
    assert clip.notes == ""


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
