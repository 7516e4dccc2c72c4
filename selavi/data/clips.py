"""Read and decode one clip out of a shard: the frames and the samples that a view asks for."""

import io
import os
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from selavi.files import UserError

VIDEO_READ = 2**20  # bytes: most clips come whole with one read, a long film in pieces
AUDIO_READ = 2**12


class CorruptClip(UserError):
    """A clip whose bytes in the shard cannot be decoded."""


class _Slice(io.RawIOBase):
    """A stretch of an open file, as a file."""

    def __init__(self, file: int, offset: int, size: int) -> None:
        self.file, self.offset, self.size, self.at = file, offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.at = max(0, offset + {os.SEEK_CUR: self.at, os.SEEK_END: self.size}.get(whence, 0))
        return self.at

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        count = max(0, min(len(buffer), self.size - self.at))
        count = os.preadv(self.file, [memoryview(buffer)[:count]], self.offset + self.at)
        self.at += count
        return count


class Shard:
    """An open tar, read at the places that the index names; close it with `open_shard`."""

    def __init__(self, tar: Path, file: int) -> None:
        self.tar, self.file = tar, file
        self.size = os.fstat(file).st_size

    def member(self, offset: int, size: int, read: int = VIDEO_READ) -> BinaryIO:
        """A member as a file, fetched `read` bytes at a time, as far as it is looked at.

        Raises UserError if the tar ends before the member does, CorruptClip if it is empty.
        """
        if offset + size > self.size:
            raise UserError(f"{self.tar} is shorter than its index says; make it again")
        if size <= 0:
            raise CorruptClip("its member of the shard has no bytes")
        return io.BufferedReader(_Slice(self.file, offset, size), min(size, read))


@contextmanager
def open_shard(tar: Path) -> Iterator[Shard]:
    """Open a tar. Raises UserError if it is missing or cannot be read."""
    try:
        file = os.open(tar, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UserError(f"{tar} is missing; make it again with the shard stage") from None
    except OSError as error:
        raise UserError(f"{tar}: {error.strerror}") from None
    try:
        yield Shard(tar, file)
    except OSError as error:
        raise UserError(f"{tar}: {error.strerror}") from None
    finally:
        os.close(file)


def read_member(tar: Path, offset: int, size: int) -> bytes:
    """All bytes of one member. Raises UserError if the shard is missing or cut short."""
    with open_shard(tar) as shard, shard.member(offset, size) as member:
        return member.read()


def decode_frames(video: BinaryIO, numbers: np.ndarray, fps: float, grey: bool) -> np.ndarray:
    """Decode some frames of a constant-rate video.

    Parameters
    ----------
    video : an H.264 mp4 as the shard stage writes it.
    numbers : (n,) int64, ascending, without repetitions.

    Returns
    -------
    (n, height, width, C) uint8; C is 1 for grey, 3 for RGB.

    Raises
    ------
    CorruptClip if a frame is missing or cannot be decoded whole.
    """
    found: list[np.ndarray] = []
    convert = _grey if grey else _rgb
    try:
        with av.open(video, "r") as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            # A damaged frame is an error, not an occasion to paint over it.
            stream.codec_context.options = {"err_detect": "explode"}
            assert stream.time_base is not None
            tick = float(stream.time_base)
            origin = stream.start_time or 0
            for run in _runs(numbers, fps):
                if run[0] > 0:
                    container.seek(origin + round(run[0] / fps / tick), stream=stream)
                missing = iter(run.tolist())
                wanted = next(missing)
                for frame in container.decode(stream):
                    number = round(((frame.pts or 0) - origin) * tick * fps)
                    if number < wanted:
                        continue
                    if number > wanted or frame.is_corrupt:
                        raise CorruptClip(f"frame {wanted} cannot be decoded")
                    found.append(convert(frame))
                    wanted = next(missing, -1)
                    if wanted < 0:
                        break
        if len(found) < len(numbers):
            raise CorruptClip(f"frame {numbers[len(found)]} is missing")
        return np.stack(found)
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise CorruptClip(
            f"frames {numbers[0]} to {numbers[-1]} cannot be decoded: {error}"
        ) from None


def _runs(numbers: np.ndarray, fps: float) -> list[np.ndarray]:
    """Split where a second or more lies between: there, seeking is cheaper than decoding on."""
    return np.split(numbers, np.flatnonzero(np.diff(numbers) > fps) + 1)


# One converter for all frames: setting one up costs more than converting a small frame.
_CONVERTER = VideoReformatter()
# Luminance of video runs from 16 to 235 ("limited range").
_FULL_RANGE = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)


def _rgb(frame: av.VideoFrame) -> np.ndarray:
    return _CONVERTER.reformat(frame, format="rgb24").to_ndarray()


def _grey(frame: av.VideoFrame) -> np.ndarray:
    plane = frame.planes[0]  # yuv420p, as the shard stage writes it: the first plane is luminance
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return _FULL_RANGE[rows[:, : plane.width, None]]


def decode_samples(sound: BinaryIO, first: int = 0, count: int | None = None) -> np.ndarray:
    """Samples of a mono wave, from `first` on: (count,) int16. Raises CorruptClip."""
    sound.seek(0)
    try:
        with wave.open(sound) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise CorruptClip("the sound is not mono of 16 bits")
            count = file.getnframes() - first if count is None else count
            file.setpos(first)
            samples = np.frombuffer(file.readframes(count), dtype="<i2")
    except (wave.Error, EOFError) as error:
        raise CorruptClip(f"the sound cannot be decoded: {error}") from None
    if len(samples) < count:
        raise CorruptClip(f"the sound ends {count - len(samples)} samples too early")
    return samples
