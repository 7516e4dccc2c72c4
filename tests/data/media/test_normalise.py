"""Awkward but honest video files, and what becomes of each on its way into a shard."""

import io
import subprocess
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from selavi.data.media.encode import Normalised
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings
from tests.conftest import MEDIA


def ffmpeg(*arguments: str) -> None:
    subprocess.run([ffmpeg_binary(), "-v", "error", "-y", *arguments], check=True)


def sound_of(clip: Normalised) -> np.ndarray:
    with wave.open(io.BytesIO(clip.audio)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, MEDIA.audio_rate)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(float)


def brightness(clip: Normalised) -> np.ndarray:
    with av.open(io.BytesIO(clip.video)) as video:
        return np.array([f.to_ndarray(format="gray").mean() for f in video.decode(video=0)])


@pytest.mark.parametrize("fps", ["1", "120", "30000/1001", "7.5"])
def test_any_frame_rate_becomes_the_stored_one(
    tmp_path: Path, make_video: Callable[..., Path], fps: str
) -> None:
    clip = normalise(Segment(make_video(tmp_path / "a.mp4", fps=fps, seconds=4)), MEDIA, tmp_path)
    assert clip.frames / MEDIA.fps == pytest.approx(4, abs=0.1)
    assert len(brightness(clip)) == clip.frames


def test_a_variable_frame_rate_keeps_time(tmp_path: Path) -> None:
    """The first second has all its frames, the second every fifth; it turns white at 1 s."""
    ffmpeg(
        "-f", "lavfi", "-i", "color=black:size=64x64:rate=25:duration=1",
        "-f", "lavfi", "-i", "color=white:size=64x64:rate=25:duration=1",
        "-f", "lavfi", "-i", "sine=duration=2",
        "-filter_complex", "[0:v][1:v]concat,select='lt(t,1)+not(mod(n,5))'[v]",
        "-map", "[v]", "-map", "2:a", "-fps_mode", "vfr", "-pix_fmt", "yuv420p",
        str(tmp_path / "a.mp4"),
    )  # fmt: skip
    clip = normalise(Segment(tmp_path / "a.mp4"), MEDIA, tmp_path)
    turn = int((brightness(clip) > 128).argmax())
    assert turn / MEDIA.fps == pytest.approx(1, abs=1.5 / MEDIA.fps)
    assert clip.frames / MEDIA.fps == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize(
    ("coding", "name"),
    [
        ("tv -pix_fmt yuv420p", "a.mp4"),
        ("pc -pix_fmt yuvj420p", "a.mp4"),
        ("pc -c:v mjpeg", "a.avi"),
    ],
    ids=["limited", "full", "mjpeg"],
)
def test_black_and_white_are_stored_as_16_and_235(tmp_path: Path, coding: str, name: str) -> None:
    colours, *options = coding.split()
    ffmpeg(
        "-f", "lavfi", "-i", "color=black:size=64x64:rate=25:duration=1.5",
        "-f", "lavfi", "-i", "color=white:size=64x64:rate=25:duration=1.5",
        "-filter_complex", f"hstack,scale=out_range={colours}[v]",
        "-map", "[v]", *options, str(tmp_path / name),
    )  # fmt: skip
    silent = MediaSettings.model_validate(MEDIA.model_dump() | {"audio": "none"})
    clip = normalise(Segment(tmp_path / name), silent, tmp_path)
    with av.open(io.BytesIO(clip.video)) as video:
        frame = next(video.decode(video=0))
        luma = frame.to_ndarray()[: frame.height]
    assert frame.format.name == "yuv420p"
    assert (luma[:, :16].mean(), luma[:, -16:].mean()) == pytest.approx((16, 235), abs=1.5)


def test_a_phone_video_is_turned_upright(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    flat = make_video(tmp_path / "flat.mp4", size="96x64")
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation:v:0", "90", "-i", str(flat), "-c", "copy", str(turned))
    clip = normalise(Segment(turned), MEDIA, tmp_path)
    assert (clip.width, clip.height) == (48, 72)


@pytest.mark.parametrize("size", ["97x65", "65x97", "33x31"])
def test_odd_sizes(tmp_path: Path, size: str) -> None:
    ffmpeg(
        "-f", "lavfi", "-i", f"testsrc=size={size}:rate=25:duration=1.6",
        "-f", "lavfi", "-i", "sine=duration=1.6",
        "-c:v", "ffv1", "-pix_fmt", "yuv444p", str(tmp_path / "a.mkv"),
    )  # fmt: skip
    clip = normalise(Segment(tmp_path / "a.mkv"), MEDIA, tmp_path)
    width, height = (int(n) for n in size.split("x"))
    assert min(clip.width, clip.height) == min(48, min(width, height) // 2 * 2)
    assert clip.width / clip.height == pytest.approx(width / height, rel=0.05)
    assert clip.width % 2 == clip.height % 2 == 0


@pytest.mark.parametrize(
    ("size", "shape", "expected"),
    [
        ("90x72", "16/11", (88, 48)),
        ("72x64", "4/3", (72, 48)),
        ("96x60", "1/2", (48, 60)),
        ("40x120", "0.75", (30, 120)),
        ("96x64", "1", (72, 48)),
    ],
)
def test_pixels_that_are_not_square(
    tmp_path: Path, size: str, shape: str, expected: tuple[int, int]
) -> None:
    """DV, DVDs and much television: a circle of the source is one in what is stored."""
    ffmpeg(
        "-f", "lavfi", "-i", f"testsrc=size={size}:rate=25:duration=1.6,setsar={shape}",
        "-f", "lavfi", "-i", "sine=duration=1.6", "-pix_fmt", "yuv420p", str(tmp_path / "a.mp4"),
    )  # fmt: skip
    clip = normalise(Segment(tmp_path / "a.mp4"), MEDIA, tmp_path)
    assert (clip.width, clip.height) == expected
    width, height = (int(n) for n in size.split("x"))
    aspect = width * float(Fraction(shape)) / height
    assert clip.width / clip.height == pytest.approx(aspect, rel=0.05)
    with av.open(io.BytesIO(clip.video)) as video:
        assert float(video.streams.video[0].sample_aspect_ratio or 1) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("sound", "name"),
    [
        (["sine=frequency=440:sample_rate=8000:duration=1.6", "pcm_u8"], "a.avi"),
        (["sine=frequency=440:sample_rate=48000:duration=1.6,pan=5.1|c0=c0|c1=c0|c2=c0"], "a.mkv"),
        (["sine=frequency=440:sample_rate=44100:duration=1.6", "libopus"], "a.webm"),
        (["sine=frequency=440:sample_rate=44100:duration=1.6", "pcm_s16le"], "a.mov"),
    ],
    ids=["8 kHz", "5.1", "opus", "mov"],
)
def test_any_sound_becomes_mono_at_the_stored_rate(
    tmp_path: Path, sound: list[str], name: str
) -> None:
    codec = ["-c:a", sound[1]] if len(sound) > 1 else []
    picture = ["-c:v", "libvpx", "-b:v", "200k"] if name.endswith("webm") else []
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=1.6",
        "-f", "lavfi", "-i", sound[0],
        *codec, *picture, "-pix_fmt", "yuv420p", str(tmp_path / name),
    )  # fmt: skip
    heard = sound_of(normalise(Segment(tmp_path / name), MEDIA, tmp_path))
    assert len(heard) / MEDIA.audio_rate == pytest.approx(1.6, abs=0.05)
    spectrum = np.abs(np.fft.rfft(heard[4000:20000]))
    assert spectrum.argmax() * MEDIA.audio_rate / 16000 == pytest.approx(440, abs=2)


def test_sound_that_begins_late_stays_in_step(tmp_path: Path) -> None:
    """Sound from 0.7 s on, in a track that begins there: silence is put before it."""
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=3",
        "-itsoffset", "0.7", "-f", "lavfi", "-i", "sine=duration=2.3",
        "-map", "0:v", "-map", "1:a", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le",
        str(tmp_path / "a.mkv"),
    )  # fmt: skip
    heard = sound_of(normalise(Segment(tmp_path / "a.mkv"), MEDIA, tmp_path))
    assert (np.abs(heard) > 500).argmax() / MEDIA.audio_rate == pytest.approx(0.7, abs=0.03)


def test_a_cover_picture_is_no_video(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", str(tmp_path / "c.png"))
    ffmpeg("-f", "lavfi", "-i", "sine=duration=3", str(tmp_path / "song.m4a"))
    cover = ["-i", str(tmp_path / "c.png"), "-map", "1", "-map", "0", "-c", "copy"]
    pictured = ["-disposition:v:0", "attached_pic"]
    song = str(tmp_path / "song.mp4")
    ffmpeg("-i", str(tmp_path / "song.m4a"), *cover, *pictured, song)
    with pytest.raises(Rejected) as caught:
        normalise(Segment(Path(song)), MEDIA, tmp_path)
    assert caught.value.reason == "no-video"
    film, both = make_video(tmp_path / "film.mp4", size="96x64"), str(tmp_path / "both.mp4")
    ffmpeg("-i", str(film), *cover, *pictured, both)
    clip = normalise(Segment(Path(both)), MEDIA, tmp_path)
    assert (clip.width, clip.height, clip.frames) == (72, 48, 26)


def test_sound_shorter_than_the_picture(tmp_path: Path) -> None:
    for seconds, name in ((0.8, "short.mp4"), (1.5, "enough.mp4")):
        ffmpeg(
            "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=3",
            "-f", "lavfi", "-i", f"sine=duration={seconds}", "-pix_fmt", "yuv420p",
            str(tmp_path / name),
        )  # fmt: skip
    with pytest.raises(Rejected, match=r"the audio lasts 0\.8") as caught:
        normalise(Segment(tmp_path / "short.mp4"), MEDIA, tmp_path)
    assert caught.value.reason == "too-short"
    clip = normalise(Segment(tmp_path / "enough.mp4"), MEDIA, tmp_path)
    assert clip.frames == 48
    assert clip.samples / MEDIA.audio_rate == pytest.approx(1.5, abs=0.06)
    optional = MediaSettings.model_validate(MEDIA.model_dump() | {"audio": "optional"})
    assert normalise(Segment(tmp_path / "short.mp4"), optional, tmp_path).samples == 0


def test_a_film_without_its_table_of_contents(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    """An mp4 whose recording broke off has data and no moov."""
    path = make_video(tmp_path / "a.mp4")
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moov") - 4])
    with pytest.raises(Rejected) as caught:
        normalise(Segment(path), MEDIA, tmp_path)
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize(("audio", "samples"), [("required", None), ("optional", 0), ("none", 0)])
def test_a_silent_film(
    tmp_path: Path, make_video: Callable[..., Path], audio: str, samples: int | None
) -> None:
    path = make_video(tmp_path / "a.mp4", audio=False)
    media = MediaSettings.model_validate(MEDIA.model_dump() | {"audio": audio})
    if samples is None:
        with pytest.raises(Rejected) as caught:
            normalise(Segment(path), media, tmp_path)
        assert caught.value.reason == "no-audio"
    else:
        clip = normalise(Segment(path), media, tmp_path)
        assert (clip.frames, clip.samples, clip.audio) == (26, 0, b"")
