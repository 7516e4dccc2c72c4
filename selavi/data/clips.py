"""Decode one clip out of a shard: the frames and the samples that a view asks for."""

import io
import os
import wave
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from selavi.files import UserError


class CorruptClip(UserError):
    """A clip whose bytes in the shard cannot be decoded."""


def read_member(tar: Path, offset: int, size: int) -> bytes:
    """Bytes of one member of a shard. Raises UserError if the shard is missing or cut short."""
    try:
        with tar.open("rb", buffering=0) as file:
            content = os.pread(file.fileno(), size, offset)
    except FileNotFoundError:
        raise UserError(f"{tar} is missing; make it again with the shard stage") from None
    except OSError as error:
        raise UserError(f"{tar}: {error.strerror}") from None
    if len(content) != size:
        raise UserError(f"{tar} is shorter than its index says; make it again")
    return content


def decode_frames(content: bytes, numbers: np.ndarray, fps: float, grey: bool) -> np.ndarray:
    """Decode some frames of a constant-rate video.

    Parameters
    ----------
    content : an H.264 mp4 as the shard stage writes it.
    numbers : (T,) int64, ascending, possibly with repetitions.

    Returns
    -------
    (T, C, height, width) uint8; C is 1 for grey, 3 for RGB.

    Raises
    ------
    CorruptClip if a frame is missing or cannot be decoded.
    """
    wanted = set(numbers.tolist())
    first, last = int(numbers[0]), int(numbers[-1])
    found: dict[int, np.ndarray] = {}
    try:
        with av.open(io.BytesIO(content), "r") as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            assert stream.time_base is not None
            tick = float(stream.time_base)
            origin = stream.start_time or 0
            if first > 0:
                container.seek(origin + round(first / fps / tick), stream=stream)
            for frame in container.decode(stream):
                number = round(((frame.pts or 0) - origin) * tick * fps)
                if number in wanted:
                    found[number] = _grey(frame) if grey else _rgb(frame)
                if number >= last:
                    break
        return np.stack([found[number] for number in numbers.tolist()])
    except (av.error.FFmpegError, KeyError, IndexError, ValueError) as error:
        raise CorruptClip(f"frames {first}-{last} cannot be decoded: {error!r}") from None


# One converter for all frames: setting one up costs more than converting a small frame.
_CONVERTER = VideoReformatter()
# Luminance of video runs from 16 to 235 ("limited range").
_FULL_RANGE = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)


def _rgb(frame: av.VideoFrame) -> np.ndarray:
    return _CONVERTER.reformat(frame, format="rgb24").to_ndarray().transpose(2, 0, 1)


def _grey(frame: av.VideoFrame) -> np.ndarray:
    plane = frame.planes[0]  # yuv420p, as the shard stage writes it: the first plane is luminance
    rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
    return _FULL_RANGE[rows[None, :, : plane.width]]


def decode_samples(content: bytes) -> np.ndarray:
    """Samples of a mono wave: (n,) int16. Raises CorruptClip."""
    try:
        with wave.open(io.BytesIO(content)) as sound:
            return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    except (wave.Error, EOFError) as error:
        raise CorruptClip(f"the sound cannot be decoded: {error!r}") from None
