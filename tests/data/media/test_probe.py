"""Durations and kinds of streams, of whole files and of those whose header does not tell."""

from pathlib import Path

import pytest

from selavi.data.media.probe import Probe, probe
from selavi.data.read_errors import Rejected
from tests.data.media.flashes import H264, ffmpeg, write
from tests.data.media.test_containers import FILES
from tests.data.media.test_timeline import joined

AUDIO = {
    "aac": ("a.aac", "-c:a", "aac"),
    "ac3": ("a.ac3", "-c:a", "ac3"),
    "aiff": ("a.aiff",),
    "amr": ("a.amr", "-ar", "8000", "-c:a", "libopencore_amrnb"),
    "au": ("a.au",),
    "caf": ("a.caf",),
    "flac": ("a.flac",),
    "m4a": ("a.m4a", "-c:a", "aac"),
    "mka": ("a.mka", "-c:a", "libvorbis"),
    "mp3": ("a.mp3", "-c:a", "libmp3lame"),
    "mp3, no length": ("b.mp3", "-c:a", "libmp3lame", "-q:a", "0", "-write_xing", "0"),
    "ogg": ("a.ogg", "-c:a", "libvorbis"),
    "opus": ("a.opus", "-c:a", "libopus"),
    "tta": ("a.tta",),
    "w64": ("a.w64",),
    "wav": ("a.wav",),
    "wma": ("a.wma", "-c:a", "wmav2"),
    "wv": ("a.wv",),
}


@pytest.mark.parametrize("kind", FILES)
def test_videos(tmp_path: Path, kind: str) -> None:
    name, *coding = FILES[kind]
    found = probe(write(tmp_path / name, *coding))
    assert (found.video, found.audio) == (True, True)
    assert found.seconds == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("kind", AUDIO)
def test_audio_files(tmp_path: Path, kind: str) -> None:
    name, *coding = AUDIO[kind]
    found = probe(write(tmp_path / name, "-vn", *coding))
    assert (found.video, found.audio) == (False, True)
    assert found.seconds == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.m4a"])
def test_cover_art_is_no_video(tmp_path: Path, name: str) -> None:
    music = write(tmp_path / "music.wav", "-vn")
    cover = tmp_path / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", str(cover))
    path = tmp_path / name
    ffmpeg(
        "-i", str(music), "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy",
        "-disposition:v", "attached_pic", str(path),
    )  # fmt: skip
    found = probe(path)
    assert (found.video, found.audio) == (False, True)
    assert found.seconds == pytest.approx(4, abs=0.1)


def test_video_alone(tmp_path: Path) -> None:
    found = probe(write(tmp_path / "a.mp4", *H264, "-an"))
    assert found == Probe(4.0, video=True, audio=False)


def test_the_longer_stream_counts(tmp_path: Path) -> None:
    long = write(tmp_path / "long.wav", "-vn", seconds=(0, 9))
    short = write(tmp_path / "short.mp4", *H264, "-an")
    path = tmp_path / "a.mp4"
    ffmpeg("-i", str(short), "-i", str(long), "-c:v", "copy", "-c:a", "aac", str(path))
    found = probe(path)
    assert (found.video, found.audio) == (True, True)
    assert found.seconds == pytest.approx(9, abs=0.1)


@pytest.mark.parametrize(
    ("name", "coding"),
    [
        ("a.mp4", (*H264, "-c:a", "aac", "-movflags", "+faststart")),
        ("a.mkv", (*H264, "-c:a", "libopus")),
        ("a.flac", ("-vn",)),
        ("a.wav", ("-vn",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_cut_off_in_the_middle(tmp_path: Path, name: str, coding: tuple[str, ...]) -> None:
    """Its header still declares all of it."""
    path = write(tmp_path / name, *coding, seconds=(0, 20))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    assert 8 < probe(path).seconds < 16


def test_a_file_that_declares_no_duration(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", *H264, "-c:a", "libopus", "-live", "1")
    assert probe(path).seconds == pytest.approx(4, abs=0.1)


def test_a_bit_rate_that_misleads(tmp_path: Path) -> None:
    """Silence, then noise: ffmpeg's own estimate, by the first packets, is far too long."""
    path = tmp_path / "a.aac"
    sound = "aevalsrc='gt(t,4)*(random(0)-0.5)':duration=8:sample_rate=44100"
    ffmpeg("-f", "lavfi", "-i", sound, "-c:a", "aac", "-b:a", "256k", str(path))
    assert probe(path).seconds == pytest.approx(8, abs=0.1)


def test_timestamps_that_jump(tmp_path: Path) -> None:
    """A broadcast of two parts, the second of which begins at a later or an earlier time."""
    parts = []
    for n, begin in enumerate(("1000", "7000", "1000")):
        parts.append(
            write(
                tmp_path / f"{n}.ts", *H264, "-c:a", "aac", "-output_ts_offset", begin,
                seconds=(4 * n, 4 * n + 4),
            )
        )  # fmt: skip
    path = tmp_path / "all.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert probe(path).seconds == pytest.approx(12, abs=0.5)
    assert probe(joined(tmp_path / "all.mkv", *parts[:1])).seconds == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty-file"), (b"1\n00:00:01,000 --> 00:00:02,000\nhello\n" * 50, "unreadable")],
    ids=["empty", "text"],
)
def test_what_is_no_media(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(Rejected) as caught:
        probe(path)
    assert caught.value.reason == reason


def test_subtitles_alone(tmp_path: Path) -> None:
    text = tmp_path / "a.srt"
    text.write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\n")
    path = tmp_path / "a.mkv"
    ffmpeg("-i", str(text), str(path))
    with pytest.raises(Rejected, match="no video or audio stream") as caught:
        probe(path)
    assert caught.value.reason == "no-video"
