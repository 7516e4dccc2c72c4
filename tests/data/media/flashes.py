"""Videos with a flash and a beep each second, and how far apart these are in a stored clip.

In the middle of second n a bar of white, `1 + n % 9` tenths of the frame wide, stands for two
frames, and a tone of `600 + 150 n` Hz sounds as long: so each is known, wherever it has moved to.
"""

import io
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

from selavi.data.media.encode import Normalised
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.settings import MediaSettings

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WIDTH, HEIGHT, FPS, RATE = 160, 96, 25, 48_000
BEEP_SECONDS = 0.08
# Frames short enough to tell 20 ms.
MEDIA = MediaSettings(short_side=48, fps=50.0, audio_rate=16_000, crf=18)


def ffmpeg(*arguments: str) -> None:
    """Run ffmpeg; its words are the error's if it fails."""
    done = subprocess.run(
        [FFMPEG, "-nostdin", "-v", "error", "-y", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def frames(first: int, last: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Grey frames of the seconds from `first` to `last`: (n, height, width) uint8."""
    result = np.full(((last - first) * FPS, height, width), 40, np.uint8)
    for second in range(first, last):
        at = (second - first) * FPS + FPS // 2
        result[at : at + 2, :, : (1 + second % 9) * width // 10] = 235
    return result


def samples(first: int, last: int) -> np.ndarray:
    """(n,) int16 of the same seconds."""
    result = np.zeros((last - first) * RATE, np.int16)
    times = np.arange(round(BEEP_SECONDS * RATE)) / RATE
    for second in range(first, last):
        at = (second - first) * RATE + FPS // 2 * RATE // FPS
        result[at : at + len(times)] = 12_000 * np.sin(2 * np.pi * (600 + 150 * second) * times)
    return result


def write(
    path: Path,
    *coding: str,
    seconds: tuple[int, int] = (0, 4),
    size: tuple[int, int] = (WIDTH, HEIGHT),
    audio: bool = True,
) -> Path:
    """Encode flashes and beeps with ffmpeg's options `coding`."""
    raw, wav = path.with_name(path.name + ".grey"), path.with_name(path.name + ".wav")
    frames(*seconds, *size).tofile(raw)
    with wave.open(str(wav), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples(*seconds).tobytes())
    ffmpeg(
        "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", str(FPS),
        "-i", str(raw), *(["-i", str(wav)] if audio else []),
        "-pix_fmt", "yuv420p", *coding, str(path),
    )  # fmt: skip
    raw.unlink()
    wav.unlink()
    return path


@dataclass(frozen=True)
class Seen:
    """Flashes and beeps of a clip: of each second the time of its onset, in seconds."""

    flashes: dict[int, float]
    beeps: dict[int, float]

    @property
    def offset(self) -> float:
        """The largest time between a flash and its beep, in seconds; every one must have both."""
        assert self.flashes.keys() == self.beeps.keys(), (self.flashes, self.beeps)
        return max(abs(self.flashes[n] - self.beeps[n]) for n in self.flashes)


def look(clip: Normalised, media: MediaSettings = MEDIA) -> Seen:
    """Find the flashes and beeps in a clip's bytes."""
    with av.open(io.BytesIO(clip.video)) as video:
        pictures = np.stack([f.to_ndarray(format="gray") for f in video.decode(video=0)])
    assert len(pictures) == clip.frames
    middle = pictures[:, pictures.shape[1] // 2].astype(int)  # bars above and below do not matter
    share = np.concatenate([[0], (middle > 140).mean(axis=1)])
    onsets = np.flatnonzero((share[1:] > 0.05) & (share[:-1] <= 0.05))
    flashes = {}
    for at in onsets:
        number = round(share[at + 1] * 10) - 1
        while number in flashes:
            number += 9  # bars of ten tenths there are none
        flashes[number] = float(at / media.fps)
    with wave.open(io.BytesIO(clip.audio)) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    rate, beeps = media.audio_rate, {}
    length = round(BEEP_SECONDS * rate)
    loud = np.abs(heard) > 2500
    at = 0
    while loud[at:].any():
        at += int(loud[at:].argmax())
        part = heard[at : at + length // 2] * np.hanning(len(heard[at : at + length // 2]))
        if len(part) > 100:
            tone = np.abs(np.fft.rfft(part, 8 * rate))[: 3500 * 8].argmax() / 8
            beeps[round((tone - 600) / 150)] = at / rate
        at += length * 2
    return Seen(flashes, beeps)


SPARSE = ("-vf", "mpdecimate=max=0", "-fps_mode", "vfr")  # frames that differ from the last alone
STEP = 0.02  # seconds, and a stored frame


H264 = ("-c:v", "libx264", "-preset", "ultrafast")


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
