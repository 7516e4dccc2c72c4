"""The part of a stored clip that a page plays, and its picture."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from selavi.data.schema import VideoRow
from selavi.data.shards.decode import decode_frames, decode_samples, open_video
from selavi.data.shards.reader import CorruptClip
from selavi.disk import WRITE_ERRORS

SECONDS = 6.0
"""What is kept of a clip at most, about its middle, where the network looks."""
AUDIO_BITS = 64_000
"""Of audio, per second."""
AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
WAVEFORM = (180, 320)
"""Height and width of the picture of a clip without video, in pixels."""
QUALITY = 3
"""Of the picture, from 1, the best, to 31."""
_LAMBDA = 118
"""ffmpeg's FF_QP2LAMBDA: the unit of a codec's global quality."""


@dataclass
class Source:
    """A stored clip.

    Attributes
    ----------
    row : VideoRow
        Its row of an index.
    video : bytes
        The mp4, b"" without video.
    audio : bytes
        The wave, b"" without audio.
    start : float
        Where its part begins at the latest, in seconds; 0 for the whole of a short one.
    """

    row: VideoRow
    video: bytes
    audio: bytes
    start: float

    def __post_init__(self) -> None:
        if self.video and self.start:
            self.start = _keyframe(self.video, self.start)

    @cached_property
    def samples(self) -> np.ndarray:
        """The audio of the part, which begins with its video; (n,) int16."""
        if not self.row["samples"]:
            return np.zeros(0, np.int16)
        rate = self.row["rate"]
        first = min(round(self.start * rate), self.row["samples"] - 1)
        count = min(round(SECONDS * rate), self.row["samples"] - first)
        return decode_samples(io.BytesIO(self.audio), first, count if self.start else None)


def write_mp4(source: Source, target: Path) -> None:
    """Write the part as an mp4: its H.264 as it is, and its audio as AAC.

    Raises
    ------
    CorruptClip
        If the clip cannot be read.
    OSError
        If the disk is full or refuses to write.
    """
    with (
        _as_corrupt(),
        av.open(
            str(target.absolute()), "w", format="mp4",
            options={"movflags": "+faststart", "fflags": "+bitexact"},
        ) as made,
    ):  # fmt: skip
        if source.video:
            with open_video(io.BytesIO(source.video)) as (container, stream):
                _copy(container, stream, made, source)
        else:
            _encode(made, source)


def _copy(
    container: InputContainer, stream: VideoStream, made: OutputContainer, source: Source
) -> None:
    """Copy the packets from the part's keyframe on, and encode the audio beside."""
    copied = made.add_stream_from_template(stream)
    tick = float(stream.time_base or 1)
    origin = stream.start_time or 0
    if source.start:
        container.seek(origin + round(source.start / tick), stream=stream)
    packets, first = [], None
    for packet in container.demux(stream):
        if packet.dts is None or packet.pts is None:
            continue
        first = packet.pts if first is None else first
        if source.start and packet.is_keyframe and (packet.pts - first) * tick >= SECONDS:
            break
        packets.append(packet)
    if not packets or first is None:
        raise CorruptClip("the video has no frames")
    _encode(made, source)
    for packet in packets:
        assert packet.pts is not None
        assert packet.dts is not None
        packet.pts, packet.dts = packet.pts - first, packet.dts - first
        packet.stream = copied
        made.mux(packet)


def _encode(made: OutputContainer, source: Source) -> None:
    """Encode the audio, if there is any."""
    if not len(source.samples):
        return
    rate = source.row["rate"]
    near = min(AAC_RATES, key=lambda one: abs(one - rate))
    stream = made.add_stream("aac", rate=near, layout="mono")
    stream.bit_rate = AUDIO_BITS
    frame = av.AudioFrame.from_ndarray(source.samples[None], format="s16", layout="mono")
    frame.sample_rate = rate
    frame.pts = 0
    for packet in (*stream.encode(frame), *stream.encode(None)):
        made.mux(packet)


def picture(source: Source) -> bytes:
    """The middle frame as a JPEG, or the waveform of a clip without video.

    Raises
    ------
    CorruptClip
        If the frame cannot be decoded.
    """
    row = source.row
    with _as_corrupt():
        if source.video:
            middle = np.array([row["frames"] // 2])
            (frame,) = decode_frames(io.BytesIO(source.video), middle, row["fps"])
        else:
            frame = av.VideoFrame.from_ndarray(_waveform(source.samples), format="rgb24")
        codec = av.CodecContext.create("mjpeg", "w")
        codec.width, codec.height, codec.pix_fmt = frame.width, frame.height, "yuvj420p"
        codec.options = {"flags": "+qscale", "global_quality": str(QUALITY * _LAMBDA)}
        frame = frame.reformat(format="yuvj420p")
        frame.pts = 0
        return b"".join(bytes(packet) for packet in (*codec.encode(frame), *codec.encode(None)))


def peaks(samples: np.ndarray, count: int) -> np.ndarray:
    """The largest amplitudes of equal parts, (count,) uint8.

    As roots, or quiet audio would not be seen.
    """
    loud = np.abs(samples.astype(np.float32))
    most = np.array([part.max(initial=0) for part in np.array_split(loud, count)])
    return np.sqrt(most / 32_768 * 255**2).astype(np.uint8)


def _waveform(samples: np.ndarray) -> np.ndarray:
    """A picture of audio, (height, width, 3) uint8."""
    height, width = WAVEFORM
    reach = np.maximum(1, peaks(samples, width).astype(int) * height // 2 // 256)
    away = np.abs(np.arange(height) - height // 2)[:, None]
    shown = away < reach[None]
    return np.where(shown[..., None], np.array([138, 180, 248]), np.array([16, 18, 22])).astype(
        np.uint8
    )


def _keyframe(video: bytes, start: float) -> float:
    """Time of the last keyframe up to `start`, in seconds."""
    with _as_corrupt(), open_video(io.BytesIO(video)) as (container, stream):
        tick, origin = float(stream.time_base or 1), stream.start_time or 0
        container.seek(origin + round(start / tick), stream=stream)
        for packet in container.demux(stream):
            if packet.pts is not None:
                return float(packet.pts - origin) * tick
    raise CorruptClip("the video has no frames")


@contextmanager
def _as_corrupt() -> Iterator[None]:
    """Errors of ffmpeg as `CorruptClip`, but for those of the disk and full memory."""
    try:
        yield
    except (av.error.FFmpegError, IndexError) as error:
        if isinstance(error, MemoryError) or getattr(error, "errno", 0) in WRITE_ERRORS:
            raise
        raise CorruptClip(str(getattr(error, "strerror", None) or error)) from None
