"""One pass of ffmpeg per video: small constant-rate mp4 and mono wave, or the reason why not."""

import logging
import shutil
import subprocess
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import ffmpeg
import imageio_ffmpeg
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from selavi.data.readable import Rejected, check_exit, check_file
from selavi.files import UserError
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)
av.logging.set_level(av.logging.PANIC)


@dataclass(frozen=True)
class Normalised:
    """A normalised video: H.264 frames at a constant rate, and mono int16 samples (or no sound)."""

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


@cache
def ffmpeg_version() -> str:
    """The first line that ffmpeg says of itself."""
    command = [ffmpeg_binary(), "-version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


@dataclass(frozen=True)
class Segment:
    """What to take of a file: from `start` to `end`, in seconds; None is the file's own."""

    path: Path
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Streams:
    """Which streams of a file to take: numbers as ffmpeg counts them; None if there is no sound."""

    video: int
    audio: int | None


def check_source(source: Segment, settings: MediaSettings) -> Streams:
    """Look at a file's streams without decoding. Raises as `normalise`."""
    check_file(source.path)
    try:
        with av.open(_locator(source.path)) as container:
            pictures = [s for s in container.streams.video if not _is_cover(s)]
            sounds = list(container.streams.audio) if settings.audio != "none" else []
            if not pictures:
                raise Rejected("no-video", "the file has no video stream")
            if not sounds and settings.audio == "required":
                raise Rejected("no-audio", "the file has no audio stream")
            # The first track of each kind: a film may bring several languages.
            for stream in (*pictures[:1], *(sounds[:1] if settings.audio == "required" else ())):
                seconds = _remaining(stream, source)
                if seconds is not None and seconds <= settings.min_seconds:
                    raise _too_short(stream.type, seconds, settings)
            return Streams(pictures[0].index, sounds[0].index if sounds else None)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        check_file(source.path, whole=True)
        text = getattr(error, "strerror", None) or str(error)
        raise Rejected("unreadable", f"not a video that ffmpeg can open: {text}") from None


def normalise(source: Segment, settings: MediaSettings, scratch: Path) -> Normalised:
    """Transcode one video. `scratch` is an empty folder of this call's own.

    Raises Rejected if the video cannot be used, UserError if the machine is at fault: a disk that
    is full or fails, or an ffmpeg that was killed.
    """
    streams = check_source(source, settings)
    video, audio = scratch / "clip.mp4", scratch / "clip.wav"
    command = command_for(source, streams, settings, video, audio)
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
    check_exit(source.path, done.returncode, words)
    return _measured(video, audio if streams.audio is not None else None, settings)


def command_for(
    source: Segment, streams: Streams, settings: MediaSettings, video: Path, audio: Path
) -> list[str]:
    """The one ffmpeg command that writes both files."""
    side = settings.short_side
    # In square pixels, `sar` being the width of the source's; decoding takes them for square.
    shorter = f"trunc(min({side},min(iw*sar,ih))/2)*2"
    longer = "if(eq(sar,1),-2,max(2,round({}/2)*2))"
    # One decoding thread: the stage's threads are videos at a time.
    cut: dict[str, float] = {"threads": 1}
    if source.start is not None:
        cut["ss"] = source.start
    if source.end is not None:
        cut["t"] = source.end - (source.start or 0)
    read = ffmpeg.input(_locator(source.path), **cut)
    picture = (
        read[str(streams.video)]
        # Both streams begin at 0, where one starts late it is filled up: they stay in step.
        .filter("fps", fps=settings.fps, round="near", start_time=0)
        .filter(
            "scale",
            w=f"if(gt(iw*sar,ih),{longer.format(f'{shorter}*iw*sar/ih')},{shorter})",
            h=f"if(gt(iw*sar,ih),{shorter},{longer.format(f'{shorter}*ih/(iw*sar)')})",
            flags="bilinear",
            out_range="tv",  # phones and MJPEG have full range; decoding takes limited for granted
        )
    )
    exact = {"fflags": "+bitexact", "map_metadata": -1}
    outputs = [
        ffmpeg.output(
            picture,
            str(video),
            vcodec="libx264",
            preset="veryfast",
            tune="fastdecode",  # half the decoding time for 6% more bytes at the same quality
            crf=settings.crf,
            pix_fmt="yuv420p",
            g=max(1, round(settings.keyframe_seconds * settings.fps)),
            # One thread and no macroblock tree: the same bytes every time, on CPUs of one kind.
            # Others may round sound otherwise.
            **{"x264-params": "threads=1:mbtree=0", "flags:v": "+bitexact"},
            **exact,
        )
    ]
    if streams.audio is not None:
        sound = read[str(streams.audio)].filter("aresample", **{"async": 1, "first_pts": 0})
        outputs.append(
            ffmpeg.output(
                sound,
                str(audio),
                acodec="pcm_s16le",
                ac=1,
                ar=settings.audio_rate,
                **{"flags:a": "+bitexact"},
                **exact,
            )
        )
    whole = ffmpeg.merge_outputs(*outputs).global_args(
        "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-filter_threads", "1"
    )
    return list(ffmpeg.compile(whole, cmd=ffmpeg_binary()))


def _measured(video: Path, audio: Path | None, settings: MediaSettings) -> Normalised:
    """Read the files back and count what is really in them."""
    samples = 0
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            frames = sum(1 for packet in container.demux(stream) if packet.size)
        if audio:
            with wave.open(str(audio)) as sound:
                samples = sound.getnframes()
    except (av.error.FFmpegError, wave.Error, EOFError, IndexError) as error:
        raise Rejected("decode-failed", f"nothing could be decoded: {error}") from None
    if frames / settings.fps <= settings.min_seconds:
        raise _too_short("video", frames / settings.fps, settings)
    heard = samples / settings.audio_rate
    if heard <= settings.min_seconds:
        if settings.audio == "required":
            raise _too_short("audio", heard, settings)
        return Normalised(video.read_bytes(), b"", width, height, frames, 0)
    assert audio is not None
    return Normalised(video.read_bytes(), audio.read_bytes(), width, height, frames, samples)


def _too_short(kind: str, seconds: float, settings: MediaSettings) -> Rejected:
    return Rejected(
        "too-short",
        f"the {kind} lasts {seconds:.2f} s; more than {settings.min_seconds:g} s needed",
    )


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _remaining(stream: Stream, source: Segment) -> float | None:
    """Seconds of a stream within the segment, if the file says."""
    if not stream.duration or stream.time_base is None:
        return None
    end = float(stream.duration * stream.time_base)
    return min(end, source.end or end) - (source.start or 0)


def _locator(path: Path) -> str:
    """A name that ffmpeg cannot take for an option, a protocol or an image pattern."""
    return f"file:{path}"
