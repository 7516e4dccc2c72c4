"""Read one clip of a shard by its byte position, and check it for damage."""

import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from selavi.data.schema import VideoRow
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
        The mp4 and the wav, each b"" if the clip has none.

    Raises
    ------
    UserError
        If the shard cannot be read or does not match the index.
    CorruptClip
        If the clip is damaged.
    """
    tar, name = folder / row["shard"], row["id"]
    video = audio = b""
    if row["video_size"]:
        video = read_member(tar, row["video_offset"], row["video_size"], f"{name}.mp4")
    if row["samples"]:
        audio = read_member(tar, row["audio_offset"], row["audio_size"], f"{name}.wav")
    for column, actual in checksums(video, audio).items():
        if not pd.isna(row.get(column)) and row[column] != actual:
            raise CorruptClip(DAMAGED)
    return video, audio


def checksums(video: bytes, audio: bytes) -> VideoRow:
    """CRC-32 of a clip's members, 0 for b"", which tables store to detect later damage."""
    return {"video_crc": zlib.crc32(video), "audio_crc": zlib.crc32(audio)}


def read_member(tar: Path, offset: int, size: int, name: str | None = None) -> bytes:
    """Read all bytes of one member. Raises as `open_shard` and `Shard.member`."""
    with open_shard(tar) as shard, shard.member(offset, size, name=name) as member:
        return member.read()
