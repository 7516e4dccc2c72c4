"""Files and parts of files that have audio and no video."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from selavi.data.media.encode import Normalised
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings
from tests.data.media.flashes import BEEP_SECONDS, H264, MEDIA, ffmpeg, look, write
from tests.data.media.test_probe import AUDIO

EITHER = MediaSettings.model_validate(
    MEDIA.model_dump() | {"audio": "optional", "video": "optional"}
)


def clip_of(
    path: Path, start: float | None = None, end: float | None = None, media: MediaSettings = EITHER
) -> Normalised:
    """The clip, the same at each making."""
    clips = [normalise(Segment(path, start, end), media, path.parent) for _ in range(2)]
    assert clips[0] == clips[1]
    return clips[0]


def beeps(clip: Normalised) -> dict[int, float]:
    """The onset of each second's beep, of a clip that must be audio alone."""
    assert (clip.video, clip.width, clip.height) == (b"", 0, 0)
    with wave.open(io.BytesIO(clip.audio)) as file:
        assert file.getnframes() == clip.samples
        heard = np.frombuffer(file.readframes(clip.samples), "<i2").astype(float)
    seconds = clip.samples / EITHER.audio_rate
    assert clip.frames == pytest.approx(seconds * EITHER.fps, abs=0.51)
    rate, found, at = EITHER.audio_rate, {}, 0
    length = round(BEEP_SECONDS * rate)
    while (np.abs(heard[at:]) > 2500).any():
        at += int((np.abs(heard[at:]) > 2500).argmax())
        part = heard[at : at + length // 2] * np.hanning(len(heard[at : at + length // 2]))
        tone = np.abs(np.fft.rfft(part, 8 * rate))[: 3500 * 8].argmax() / 8
        found[round((tone - 600) / 150)] = at / rate
        at += 2 * length
    return found


@pytest.mark.parametrize("kind", AUDIO)
def test_every_audio_format(tmp_path: Path, kind: str) -> None:
    name, *coding = AUDIO[kind]
    clip = clip_of(write(tmp_path / name, "-vn", *coding))
    assert clip.samples / EITHER.audio_rate == pytest.approx(4, abs=0.1)
    assert clip.notes == ""
    found = beeps(clip)
    assert sorted(found) == [0, 1, 2, 3]
    assert [at - n for n, at in sorted(found.items())] == pytest.approx([0.48] * 4, abs=0.08)


@pytest.mark.parametrize("kind", AUDIO)
def test_a_segment_of_every_audio_format(tmp_path: Path, kind: str) -> None:
    """What is read before the segment, for decoders to begin, is not in the clip."""
    name, *coding = AUDIO[kind]
    path = write(tmp_path / name, "-vn", *coding, seconds=(0, 9))
    clip = clip_of(path, 5.0, 8.0)
    assert clip.samples / EITHER.audio_rate == pytest.approx(3, abs=0.02)
    found = beeps(clip)
    assert sorted(found) == [5, 6, 7]
    assert [at - n for n, at in sorted(found.items())] == pytest.approx([-4.52] * 3, abs=0.08)


def test_required_video_is_required(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", "-vn", "-c:a", "libmp3lame")
    with pytest.raises(Rejected, match="the file has no video stream") as caught:
        normalise(Segment(path), MEDIA, tmp_path)
    assert caught.value.reason == "no-video"


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    cover = tmp_path / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", str(cover))
    music, path = write(tmp_path / "a.wav", "-vn"), tmp_path / "a.mp3"
    covered = ("-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
    ffmpeg("-i", str(music), "-i", str(cover), *covered, str(path))
    assert sorted(beeps(clip_of(path))) == [0, 1, 2, 3]


@pytest.fixture
def short_picture(tmp_path: Path) -> Path:
    """A video of 4 s with audio of 9 s."""
    audio = write(tmp_path / "long.wav", "-vn", seconds=(0, 9))
    video = write(tmp_path / "short.mp4", *H264, "-an")
    path = tmp_path / "a.mkv"
    ffmpeg("-i", str(video), "-i", str(audio), "-c:v", "copy", "-c:a", "flac", str(path))
    return path


def test_audio_that_goes_on_after_the_video(short_picture: Path) -> None:
    both = clip_of(short_picture, 1, 4)
    assert sorted(look(both).flashes) == sorted(look(both).beeps) == [1, 2, 3]
    assert sorted(beeps(clip_of(short_picture, 5, 8))) == [5, 6, 7]
    # 0.5 s of video are too few for a clip.
    found = beeps(clip_of(short_picture, 3.6, 6.4))
    assert {n: round(at - n, 1) for n, at in found.items()} == {4: -3.1, 5: -3.1}


def test_a_part_that_neither_stream_reaches(short_picture: Path) -> None:
    with pytest.raises(Rejected, match="begins at 20 s, after the video") as caught:
        clip_of(short_picture, 20, 25)
    assert caught.value.reason == "bad-segment"


def test_a_video_of_which_nothing_can_be_decoded(tmp_path: Path) -> None:
    """Its audio can."""
    path = write(tmp_path / "a.avi", "-c:v", "mjpeg", "-c:a", "pcm_s16le")
    content = bytearray(path.read_bytes())
    at = content.find(b"00dc")
    while at >= 0 and at < content.find(b"idx1"):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        content[at + 8 : at + 8 + size] = bytes(size)
        at = content.find(b"00dc", at + 8 + size)
    path.write_bytes(content)
    with pytest.raises(Rejected, match="none of it can be decoded"):
        normalise(Segment(path), MEDIA, tmp_path)
    assert sorted(beeps(clip_of(path))) == [0, 1, 2, 3]


def test_too_little_audio(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", "-vn", seconds=(0, 1))
    with pytest.raises(Rejected, match=r"the audio lasts 1\.00 s; more than 1\.1 s needed"):
        clip_of(path)
    with pytest.raises(Rejected, match=r"the audio lasts 1\.00 s"):
        clip_of(write(tmp_path / "b.wav", "-vn"), 1, 2)
    with pytest.raises(Rejected, match="there is no audio within the segment"):
        clip_of(write(tmp_path / "c.wav", "-vn"), 9, 12)


def test_silent_audio(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=sample_rate=16000:duration=3", str(path))
    assert clip_of(path).notes == "silent"
    with pytest.raises(Rejected, match="its audio is silent"):
        clip_of(path, media=EITHER.model_copy(update={"silent": "reject"}))


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", "-vn", seconds=(0, 9))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 7 // 10])
    clip = clip_of(path)
    assert clip.notes == "truncated"
    assert 3 < clip.samples / EITHER.audio_rate < 8.9


def test_the_first_audio_that_can_be_decoded(tmp_path: Path) -> None:
    """Of two, the first claims a codec that it is not of."""
    music = write(tmp_path / "a.mka", "-vn", "-c:a", "ac3")
    one, two = tmp_path / "one.mka", tmp_path / "two.mka"
    ffmpeg("-i", str(music), "-c", "copy", str(one))
    ffmpeg("-i", str(music), "-map", "0:a", "-map", "0:a", "-c", "copy", str(two))
    for path in (one, two):
        path.write_bytes(path.read_bytes().replace(b"A_AC3", b"A_DTS", 1))
    with pytest.raises(Rejected, match="nothing of its audio can be decoded"):
        clip_of(one)
    assert sorted(beeps(clip_of(two))) == [0, 1, 2, 3]
