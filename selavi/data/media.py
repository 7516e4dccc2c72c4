"""One pass of ffmpeg per video: small constant-rate mp4 and mono wave, or the reason why not."""

import logging
import shutil
import subprocess
import wave
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import ffmpeg
import imageio_ffmpeg

from selavi.files import UserError
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)
av.logging.set_level(av.logging.PANIC)


class Rejected(Exception):
    """A video that is set aside: a machine-readable reason and a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Normalised:
    """A normalised video: H.264 frames at a constant rate, and mono int16 samples."""

    video: bytes
    audio: bytes
    width: int
    height: int
    frames: int
    samples: int


@cache
def ffmpeg_binary() -> str:
    """The system's ffmpeg if there is one with x264, else the one imageio-ffmpeg ships."""
    system = shutil.which("ffmpeg")
    if system:
        listed = subprocess.run(
            [system, "-hide_banner", "-encoders"], capture_output=True, text=True, check=False
        )
        if "libx264" in listed.stdout:
            return system
        log.warning("%s has no libx264 encoder; using the ffmpeg that imageio-ffmpeg ships", system)
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def check_source(path: Path, settings: MediaSettings) -> None:
    """Look at a file's streams without decoding. Raises Rejected."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Rejected("unreadable", f"cannot read the file: {error.strerror}") from None
    if size == 0:
        raise Rejected("empty-file", "the file has no bytes")
    try:
        with av.open(_locator(path)) as container:
            if not container.streams.video:
                raise Rejected("no-video", "the file has no video stream")
            if not container.streams.audio:
                raise Rejected("no-audio", "the file has no audio stream")
            for stream in (container.streams.video[0], container.streams.audio[0]):
                seconds = _seconds(stream.duration, stream.time_base)
                if seconds is not None and seconds <= settings.min_seconds:
                    raise _too_short(stream.type, seconds, settings)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise Rejected("unreadable", f"not a video that ffmpeg can open: {text}") from None


def normalise(path: Path, settings: MediaSettings, scratch: Path) -> Normalised:
    """Transcode one video. `scratch` is an empty folder of this call's own.

    Raises Rejected if the video cannot be used, UserError if the disk is full.
    """
    check_source(path, settings)
    video, audio = scratch / "clip.mp4", scratch / "clip.wav"
    command = _command(path, settings, video, audio)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=settings.timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Rejected(
            "timeout", f"ffmpeg was ended after {settings.timeout_seconds:g} seconds"
        ) from None
    words = done.stderr.decode("utf-8", "replace").strip()
    if "No space left on device" in words:
        raise UserError(
            f"no space left in the temporary folder {scratch.parent}; free some, or point TMPDIR "
            "to a larger disk, then run the same command again"
        )
    if done.returncode != 0:
        last = words.splitlines()[-1] if words else "no message"
        raise Rejected("decode-failed", f"ffmpeg exit status {done.returncode}: {last}")
    return _measured(video, audio, settings)


def _command(path: Path, settings: MediaSettings, video: Path, audio: Path) -> list[str]:
    side = settings.short_side
    shorter = f"trunc(min({side},min(iw,ih))/2)*2"
    source = ffmpeg.input(_locator(path))
    # The first track of each kind: a film may bring several languages.
    picture = (
        source["v:0"]
        .filter("fps", fps=settings.fps, round="near")
        .filter(
            "scale",
            w=f"if(gt(iw,ih),-2,{shorter})",
            h=f"if(gt(iw,ih),{shorter},-2)",
            flags="bilinear",
        )
    )
    outputs = ffmpeg.merge_outputs(
        ffmpeg.output(
            picture,
            str(video),
            vcodec="libx264",
            preset="veryfast",
            crf=settings.crf,
            pix_fmt="yuv420p",
            g=max(1, round(settings.keyframe_seconds * settings.fps)),
            # One thread and no macroblock tree: the same bytes every time, on every CPU.
            **{"x264-params": "threads=1:mbtree=0"},
            **{"flags:v": "+bitexact", "fflags": "+bitexact", "map_metadata": -1},
        ),
        ffmpeg.output(
            source["a:0"],
            str(audio),
            acodec="pcm_s16le",
            ac=1,
            ar=settings.audio_rate,
            **{"flags:a": "+bitexact", "fflags": "+bitexact", "map_metadata": -1},
        ),
    ).global_args("-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-filter_threads", "1")
    return list(ffmpeg.compile(outputs, cmd=ffmpeg_binary()))


def _measured(video: Path, audio: Path, settings: MediaSettings) -> Normalised:
    """Read the two files back and count what is really in them."""
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            frames = sum(1 for packet in container.demux(stream) if packet.size)
        with wave.open(str(audio)) as sound:
            samples = sound.getnframes()
    except (av.error.FFmpegError, wave.Error, EOFError, IndexError) as error:
        raise Rejected("decode-failed", f"nothing could be decoded: {error}") from None
    for kind, seconds in (
        ("video", frames / settings.fps),
        ("audio", samples / settings.audio_rate),
    ):
        if seconds <= settings.min_seconds:
            raise _too_short(kind, seconds, settings)
    return Normalised(video.read_bytes(), audio.read_bytes(), width, height, frames, samples)


def _too_short(kind: str, seconds: float, settings: MediaSettings) -> Rejected:
    return Rejected(
        "too-short",
        f"the {kind} lasts {seconds:.2f} s; more than {settings.min_seconds:g} s needed",
    )


def _seconds(duration: int | None, time_base: Fraction | None) -> float | None:
    return float(duration * time_base) if duration and time_base else None


def _locator(path: Path) -> str:
    """A name that ffmpeg cannot take for an option, a protocol or an image pattern."""
    return f"file:{path}"
