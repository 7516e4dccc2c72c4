"""Tars as others wrote them: plain, whole, and where their members lie."""

import bz2
import errno
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selavi.files import UserError

OPENERS: dict[bytes, Callable[[Path], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
END = bytes(2 * tarfile.BLOCKSIZE)
CHUNK = 2**20
MOST_TIMES, LEAST_MOST = 20, 2**30
"""What a packed tar may grow to: so many times its size, and so many bytes in any case. Videos
hardly grow; what does is none, and would fill the disk."""


def unpack(tar: Path, name: str) -> None:
    """Put a plain tar in the place of a compressed one (of a link to it, if it is one).

    name : of the tar, for errors.

    Raises tarfile.TarError if it is cut off or damaged, UserError if it grows too large.
    """
    with tar.open("rb") as file:
        start = file.read(max(map(len, OPENERS)))
    opener = next((o for magic, o in OPENERS.items() if start.startswith(magic)), None)
    if opener is None:
        return
    plain = tar.with_name(f"{tar.name}.plain")
    most = max(LEAST_MOST, MOST_TIMES * tar.stat().st_size)
    try:
        with opener(tar) as packed, plain.open("wb") as file:
            while chunk := packed.read(CHUNK):
                file.write(chunk)
                if file.tell() > most:
                    raise UserError(
                        f"{name} unpacks to more than {most / 1e9:.1f} GB, over {MOST_TIMES} times "
                        "its size, as no tar of videos does; if it is meant so, unpack it yourself "
                        "and name the plain tar"
                    )
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno:  # the disk's, not the content's
            raise
        raise tarfile.ReadError(str(error)) from None
    plain.replace(tar)


@dataclass(frozen=True)
class Tar:
    """A tar that is not compressed. members : all it has, in order, with links and folders."""

    path: Path
    members: list[tarfile.TarInfo]

    @property
    def places(self) -> dict[str, tuple[int, int]]:
        """Offset and size, in bytes, of each plain file, in their order."""
        plain = [m for m in self.members if m.isreg() and not m.issparse()]
        return {member.name: (member.offset_data, member.size) for member in plain}


def read_tar(tar: Path) -> Tar:
    """Look through the headers of a tar that is not compressed.

    Raises tarfile.TarError if a name is there twice, if a header is damaged, or if the tar lacks
    its end marker: it was cut off, be it between two members, where tarfile takes it for whole.
    """
    names: set[str] = set()
    length = tar.stat().st_size
    try:
        with tarfile.open(tar, "r:") as archive, tar.open("rb") as file:
            for member in archive:
                if member.size < 0:  # or tarfile would read this header for ever
                    raise tarfile.ReadError(f"{member.name!r} has {member.size} bytes")
                if not member.issparse() and member.offset_data + member.size > length:
                    raise tarfile.ReadError(f"it breaks off after {len(names)} files")
                if member.isreg() and member.name in names:
                    raise tarfile.ReadError(f"{member.name} is in it twice")
                if member.isreg():
                    names.add(member.name)
            file.seek(archive.offset)
            if file.read(len(END)) != END:
                raise tarfile.ReadError(f"it breaks off after {len(names)} files")
            return Tar(tar, archive.getmembers())
    except (OSError, ValueError, IndexError, OverflowError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # the disk's
            raise
        raise tarfile.ReadError(f"a header is damaged: {error}") from None


def places_of(tar: Path) -> dict[str, tuple[int, int]]:
    """Offset and size, in bytes, of each file in a tar, in their order. Raises as `read_tar`."""
    return read_tar(tar).places
