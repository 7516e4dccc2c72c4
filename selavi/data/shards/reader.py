"""Read and decode one clip out of a shard: the frames and the samples that a view asks for."""

import io
import os
import tarfile
import wave
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import pandas as pd
from av.container import InputContainer
from av.video.stream import VideoStream

from selavi.data.media.containers import open_member
from selavi.data.schema import VideoRow
from selavi.disk import refusal
from selavi.files import UserError
from selavi.shortage import shortage

VIDEO_READ = 2**20  # bytes: most clips come whole with one read, a long film in pieces
AUDIO_READ = 2**12
HALVES = {"video": ("mp4", VIDEO_READ), "audio": ("wav", AUDIO_READ)}
CHECKED = 2**22  # bytes of the longest member that is read whole for its checksum's sake
DAMAGED = "its bytes are not those that were written"
UNKNOWN = -1  # in place of a checksum: shards made by earlier versions have none
NAME = 100  # bytes of a tar header that hold the member's name, filled up with zeros


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

    def member(
        self,
        offset: int,
        size: int,
        read: int = VIDEO_READ,
        name: str | None = None,
        checksum: int = UNKNOWN,
    ) -> BinaryIO:
        """A member as a file, fetched `read` bytes at a time, as far as it is looked at.

        name : what the tar's header before the member must call it, if given. checksum : of all its
            bytes (CRC-32), looked at if they are no more than `CHECKED`.

        Raises UserError if the tar ends before the member does, or the member there is another one,
        CorruptClip if it is empty or its bytes are not those that were written.
        """
        if offset + size > self.size:
            raise UserError(f"{self.tar} is shorter than its index says; make it again")
        if name is not None:
            there = os.pread(self.file, NAME, max(0, offset - tarfile.BLOCKSIZE))
            if there.rstrip(b"\0") != name.encode():
                raise UserError(
                    f"{self.tar} is not the tar this index was made of: {name} is not where the "
                    "index says. If it was made again since, make the index again; if its disk is "
                    "damaged, make the tar again"
                )
        if size <= 0:
            raise CorruptClip("its member of the shard has no bytes")
        member = _Slice(self.file, offset, size)
        if checksum == UNKNOWN or size > CHECKED:
            return io.BufferedReader(member, min(size, read))
        content = member.read(size)
        if zlib.crc32(content) != checksum:
            raise CorruptClip(DAMAGED)
        return io.BytesIO(content)

    def half(self, kind: str, key: str, sample: int, numbers: Mapping[str, np.ndarray]) -> BinaryIO:
        """The video or the audio of a clip; its checksum is looked at once, see `Clips.numbers`."""
        suffix, read = HALVES[kind]
        names = [f"{kind}_{what}" for what in ("offset", "size", "crc")]
        offset, size, checksum = (int(numbers[name][sample]) for name in names)
        member = self.member(offset, size, read, f"{key}.{suffix}", checksum)
        numbers[f"{kind}_crc"][sample] = UNKNOWN
        return member


@contextmanager
def open_shard(tar: Path) -> Iterator[Shard]:
    """Open a tar. Raises UserError if it is missing or cannot be read."""
    try:
        file = os.open(tar, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UserError(f"{tar} is missing; make it again with the shard stage") from None
    except OSError as error:
        raise UserError(shortage(error) or refusal(error, tar, "read")) from None
    try:
        yield Shard(tar, file)
    except OSError as error:
        raise UserError(refusal(error, tar, "read")) from None
    finally:
        os.close(file)


def read_clip(folder: Path, row: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The mp4 and the wav of an index row, b"" for no sound; `folder` is the index's.

    Raises as `open_shard` and `Shard.member`.
    """
    tar, name = folder / row["shard"], row["id"]
    video = read_member(tar, row["video_offset"], row["video_size"], f"{name}.mp4")
    audio = b""
    if row["samples"]:
        audio = read_member(tar, row["audio_offset"], row["audio_size"], f"{name}.wav")
    for column, found in checksums(video, audio).items():
        if not pd.isna(row.get(column)) and row[column] != found:
            raise CorruptClip(DAMAGED)
    return video, audio


def checksums(video: bytes, audio: bytes) -> VideoRow:
    """What a shard's table and index keep to tell later damage by: CRC-32, of b"" 0."""
    return {"video_crc": zlib.crc32(video), "audio_crc": zlib.crc32(audio)}


def read_member(tar: Path, offset: int, size: int, name: str | None = None) -> bytes:
    """All bytes of one member. Raises as `open_shard` and `Shard.member`."""
    with open_shard(tar) as shard, shard.member(offset, size, name=name) as member:
        return member.read()


def decode_frames(video: BinaryIO, numbers: np.ndarray, fps: float) -> Iterator[av.VideoFrame]:
    """Decode some frames of a constant-rate video, in order; read on until there are no more.

    Frames that are neither asked for nor needed to decode another are passed over.

    Parameters
    ----------
    video : an H.264 mp4 as the shard stage writes it.
    numbers : (n,) int64, ascending, without repetitions.

    Raises
    ------
    CorruptClip if a frame is missing or cannot be decoded whole.
    """
    missing = iter(numbers.tolist())
    wanted = next(missing)
    try:
        with open_video(video) as (container, stream):
            # A damaged frame is an error, not an occasion to paint over it.
            stream.codec_context.options = {"err_detect": "explode"}
            for run in _runs(numbers, fps):
                for number, frame in _decode_run(container, stream, run, fps):
                    if number > wanted or frame.is_corrupt:
                        raise CorruptClip(f"frame {wanted} cannot be decoded")
                    if number == wanted:
                        yield frame
                        wanted = next(missing, -1)
                        if wanted < 0:
                            return
                    if number == run[-1]:
                        break
        raise CorruptClip(f"frame {wanted} is missing")
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        if isinstance(error, (UserError, MemoryError)):  # no fault of the clip's
            raise
        words = getattr(error, "strerror", None) or error
        raise CorruptClip(
            f"frames {numbers[0]} to {numbers[-1]} cannot be decoded: {words}"
        ) from None


@contextmanager
def open_video(video: BinaryIO) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open an mp4 of a shard, by its header alone, whatever else its bytes may look like.

    Raises CorruptClip if it is not H.264, and FFmpegError or IndexError if it is no mp4 of a video.
    """
    # Opening decodes a frame to guess at what the header says, unless it may use no decoder.
    with open_member(video, "mp4", codec_whitelist="none") as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name if stream.codec_context else "of an unknown codec"
        if codec != "h264":
            raise CorruptClip(f"the video is {codec}, not H.264")
        stream.thread_count = 1
        yield container, stream


def _runs(numbers: np.ndarray, fps: float) -> list[np.ndarray]:
    """Split where a second or more lies between: there, seeking is cheaper than decoding on."""
    return np.split(numbers, np.flatnonzero(np.diff(numbers) > fps) + 1)


def _decode_run(
    container: InputContainer, stream: VideoStream, run: np.ndarray, fps: float
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Numbers and frames from the keyframe before the run's first to its last, if not further."""
    assert stream.time_base is not None
    origin, frames_per_tick = stream.start_time or 0, float(stream.time_base) * fps
    if run[0] > 0:
        container.seek(origin + round(run[0] / frames_per_tick), stream=stream)
    decoder, wanted, last = stream.codec_context, set(run.tolist()), int(run[-1])
    for packet in container.demux(stream):
        # No packet is decoded later than it is shown: the rest is beyond the last frame.
        done = packet.dts is None or round((packet.dts - origin) * frames_per_tick) > last
        if not done:
            number = round(((packet.pts or 0) - origin) * frames_per_tick)
            decoder.skip_frame = "DEFAULT" if number in wanted else "NONREF"
        for frame in decoder.decode(None if done else packet):
            yield round(((frame.pts or 0) - origin) * frames_per_tick), frame
        if done:
            return


def decode_samples(sound: BinaryIO, first: int = 0, count: int | None = None) -> np.ndarray:
    """Samples of a mono wave, from `first` on: (count,) int16. Raises CorruptClip."""
    sound.seek(0)
    try:
        with wave.open(sound) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise CorruptClip("the sound is not mono of 16 bits")
            count = file.getnframes() - first if count is None else count
            file.setpos(first)
            content = file.readframes(count)
            samples = np.frombuffer(content[: len(content) // 2 * 2], dtype="<i2")
    except (wave.Error, EOFError, RuntimeError) as error:  # of a chunk beyond the end
        raise CorruptClip(f"the sound cannot be decoded: {error}") from None
    if len(samples) < count:
        raise CorruptClip(f"the sound ends {count - len(samples)} samples too early")
    return samples
