"""Read and decode one clip of a shard: only the frames and samples that a view needs."""

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
from selavi.disk import refusal
from selavi.files import UserError
from selavi.shortage import shortage

VIDEO_READ = 2**20  # bytes per read: one for most clips, several for a long video
AUDIO_READ = 2**12
MEMBERS = {"video": ("mp4", VIDEO_READ), "audio": ("wav", AUDIO_READ)}
CHECKED = 2**22  # bytes: longer members are not read whole just for their checksum
DAMAGED = "its bytes differ from those written"
UNKNOWN = -1  # in place of a checksum: shards of earlier versions have none
NAME = 100  # bytes of the member's name in a tar header, padded with zeros


class CorruptClip(UserError):
    """A clip whose bytes in the shard cannot be decoded."""


class _Slice(io.RawIOBase):
    """A range of bytes of an open file, as a file."""

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
    """An open tar, read at the byte positions of the index; made by `open_shard`."""

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
        """Open a member as a file, which is read as far as it is used.

        Parameters
        ----------
        offset : int
            Position of its first byte in the tar.
        size : int
            Its bytes.
        read : int
            Bytes per read.
        name : str, optional
            Its name, checked against the tar's header.
        checksum : int
            CRC-32 of its bytes, checked unless they are more than `CHECKED`.

        Raises
        ------
        UserError
            If the tar ends before the member does, or has another member there.
        CorruptClip
            If the member is empty or its bytes are damaged.
        """
        if offset + size > self.size:
            raise UserError(f"{self.tar} is shorter than its index says; make it again")
        if name is not None:
            stored = os.pread(self.file, NAME, max(0, offset - tarfile.BLOCKSIZE))
            if stored.rstrip(b"\0") != name.encode():
                raise UserError(
                    f"{self.tar} is not the tar this index was made of: {name} is not where the "
                    "index says. If it was made again since, make the index again; if its disk is "
                    "damaged, make the tar again"
                )
        if size <= 0:
            raise CorruptClip("its member of the shard is empty")
        member = _Slice(self.file, offset, size)
        if checksum == UNKNOWN or size > CHECKED:
            return io.BufferedReader(member, min(size, read))
        content = member.read(size)
        if zlib.crc32(content) != checksum:
            raise CorruptClip(DAMAGED)
        return io.BytesIO(content)

    def modality(
        self, kind: str, key: str, sample: int, numbers: Mapping[str, np.ndarray]
    ) -> BinaryIO:
        """Open the video or the audio of a clip, and check its checksum the first time.

        Parameters
        ----------
        kind : str
            "video" or "audio".
        key : str
            The clip's id.
        sample : int
            Its number in the index.
        numbers : Mapping of str to ndarray
            Columns of the index, see `Clips.numbers`; a checksum that was checked is erased.
        """
        suffix, read = MEMBERS[kind]
        names = [f"{kind}_{what}" for what in ("offset", "size", "crc")]
        offset, size, checksum = (int(numbers[name][sample]) for name in names)
        member = self.member(offset, size, read, f"{key}.{suffix}", checksum)
        numbers[f"{kind}_crc"][sample] = UNKNOWN
        return member


@contextmanager
def open_shard(tar: Path) -> Iterator[Shard]:
    """Open a tar.

    Raises
    ------
    UserError
        If it is missing or cannot be read.
    """
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
    """Read the mp4 and the wav of a clip.

    Parameters
    ----------
    folder : Path
        The folder of the index.
    row : Mapping
        The clip's row in the index.

    Returns
    -------
    tuple of bytes and bytes
        The mp4, and the wav, b"" for a clip without audio.

    Raises
    ------
    UserError
        If the shard cannot be read or does not match the index.
    CorruptClip
        If the clip is damaged.
    """
    tar, name = folder / row["shard"], row["id"]
    video = read_member(tar, row["video_offset"], row["video_size"], f"{name}.mp4")
    audio = b""
    if row["samples"]:
        audio = read_member(tar, row["audio_offset"], row["audio_size"], f"{name}.wav")
    for column, actual in checksums(video, audio).items():
        if not pd.isna(row.get(column)) and row[column] != actual:
            raise CorruptClip(DAMAGED)
    return video, audio


def checksums(video: bytes, audio: bytes) -> dict[str, int]:
    """CRC-32 of a clip's members, 0 for b"", which tables store to detect later damage."""
    return {"video_crc": zlib.crc32(video), "audio_crc": zlib.crc32(audio)}


def read_member(tar: Path, offset: int, size: int, name: str | None = None) -> bytes:
    """Read all bytes of one member. Raises as `open_shard` and `Shard.member`."""
    with open_shard(tar) as shard, shard.member(offset, size, name=name) as member:
        return member.read()


def decode_frames(video: BinaryIO, numbers: np.ndarray, fps: float) -> Iterator[av.VideoFrame]:
    """Decode selected frames of a video of constant frame rate, and no other that they do not need.

    Parameters
    ----------
    video : BinaryIO
        An H.264 mp4 as the shard stage writes it.
    numbers : ndarray
        Numbers of the frames, (n,) int64, ascending, without duplicates.
    fps : float
        Frames per second.

    Yields
    ------
    av.VideoFrame
        The frames, in order.

    Raises
    ------
    CorruptClip
        If a frame is missing or cannot be decoded completely.
    """
    missing = iter(numbers.tolist())
    wanted = next(missing)
    try:
        with open_video(video) as (container, stream):
            # Fail on damaged frames: by default ffmpeg conceals the damage.
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
        if isinstance(error, (UserError, MemoryError)):  # not the clip's fault
            raise
        problem = getattr(error, "strerror", None) or error
        raise CorruptClip(
            f"frames {numbers[0]} to {numbers[-1]} cannot be decoded: {problem}"
        ) from None


@contextmanager
def open_video(video: BinaryIO) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open an mp4 of a shard, strictly as an mp4.

    Raises
    ------
    CorruptClip
        If the video is not H.264.
    av.error.FFmpegError or IndexError
        If it is not an mp4 with a video stream.
    """
    # Without decoders ffmpeg opens by the header alone; otherwise it would decode a frame.
    with open_member(video, "mp4", codec_whitelist="none") as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name if stream.codec_context else "unknown"
        if codec != "h264":
            raise CorruptClip(f"the video's codec is {codec}, not H.264")
        stream.thread_count = 1
        yield container, stream


def _runs(numbers: np.ndarray, fps: float) -> list[np.ndarray]:
    """Split at gaps of a second or more, where seeking is cheaper than decoding."""
    return np.split(numbers, np.flatnonzero(np.diff(numbers) > fps) + 1)


def _decode_run(
    container: InputContainer, stream: VideoStream, run: np.ndarray, fps: float
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Numbers and frames from the keyframe before the run's first frame to at least its last."""
    assert stream.time_base is not None
    origin, frames_per_tick = stream.start_time or 0, float(stream.time_base) * fps
    if run[0] > 0:
        container.seek(origin + round(run[0] / frames_per_tick), stream=stream)
    decoder, wanted, last = stream.codec_context, set(run.tolist()), int(run[-1])
    for packet in container.demux(stream):
        # A frame is decoded no later than shown, so packets with a later dts are not needed.
        past = packet.dts is None or round((packet.dts - origin) * frames_per_tick) > last
        if not past:
            number = round(((packet.pts or 0) - origin) * frames_per_tick)
            decoder.skip_frame = "DEFAULT" if number in wanted else "NONREF"
        for frame in decoder.decode(None if past else packet):
            yield round(((frame.pts or 0) - origin) * frames_per_tick), frame
        if past:
            return


def decode_samples(audio: BinaryIO, first: int = 0, count: int | None = None) -> np.ndarray:
    """Read samples of a mono 16-bit wave.

    Parameters
    ----------
    audio : BinaryIO
        The wave file.
    first : int
        Number of the first sample.
    count : int, optional
        Number of samples, by default all from `first` on.

    Returns
    -------
    ndarray
        (count,) int16.

    Raises
    ------
    CorruptClip
        If samples are missing or the file is damaged.
    """
    audio.seek(0)
    try:
        with wave.open(audio) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise CorruptClip("the audio is not mono of 16 bits")
            count = file.getnframes() - first if count is None else count
            file.setpos(first)
            content = file.readframes(count)
            samples = np.frombuffer(content[: len(content) // 2 * 2], dtype="<i2")
    except (wave.Error, EOFError, RuntimeError) as error:  # raised if a chunk is cut off
        raise CorruptClip(f"the audio cannot be decoded: {error}") from None
    if len(samples) < count:
        raise CorruptClip(f"the audio ends {count - len(samples)} samples too early")
    return samples
