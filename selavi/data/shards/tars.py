"""Read foreign tars safely: unpack compressed ones, check that they are whole, locate members."""

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
MAX_RATIO, ALWAYS_ALLOWED = 20, 2**30
"""A compressed tar may unpack to this many times its size, or this many bytes if that is more.
Videos hardly compress: more is no tar of videos, and would fill the disk."""


def unpack(tar: Path, name: str) -> None:
    """Replace a compressed tar, or the link to one, by a plain one.

    Parameters
    ----------
    tar : Path
        The file; a plain tar is left alone.
    name : str
        Its name in errors.

    Raises
    ------
    tarfile.TarError
        If the tar is cut off or damaged.
    UserError
        If it unpacks to too many bytes.
    """
    with tar.open("rb") as file:
        start = file.read(max(map(len, OPENERS)))
    opener = next((o for magic, o in OPENERS.items() if start.startswith(magic)), None)
    if opener is None:
        return
    plain = tar.with_name(f"{tar.name}.plain")
    limit = max(ALWAYS_ALLOWED, MAX_RATIO * tar.stat().st_size)
    try:
        with opener(tar) as packed, plain.open("wb") as file:
            while chunk := packed.read(CHUNK):
                file.write(chunk)
                if file.tell() > limit:
                    raise UserError(
                        f"{name} unpacks to more than {limit / 1e9:.1f} GB, over {MAX_RATIO} times "
                        "its size, which no tar of videos does; if it is correct, unpack it "
                        "yourself and name the plain tar"
                    )
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno:  # of the disk, not of the content
            raise
        raise tarfile.ReadError(str(error)) from None
    plain.replace(tar)


@dataclass(frozen=True)
class Tar:
    """An uncompressed tar.

    Attributes
    ----------
    path : Path
        The file.
    members : list of TarInfo
        All members in order, links and folders included.
    """

    path: Path
    members: list[tarfile.TarInfo]

    @property
    def places(self) -> dict[str, tuple[int, int]]:
        """Offset and size of each regular file, in bytes, by name in tar order."""
        plain = [m for m in self.members if m.isreg() and not m.issparse()]
        return {member.name: (member.offset_data, member.size) for member in plain}


def read_tar(tar: Path) -> Tar:
    """Read all headers of an uncompressed tar.

    Raises
    ------
    tarfile.TarError
        If a name occurs twice, a header is damaged, or the end marker is missing. tarfile itself
        does not notice that a tar was cut off between two members.
    """
    names: set[str] = set()
    length = tar.stat().st_size
    try:
        with tarfile.open(tar, "r:") as archive, tar.open("rb") as file:
            for member in archive:
                if member.size < 0:  # tarfile would loop on this header
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
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # of the disk
            raise
        raise tarfile.ReadError(f"a header is damaged: {error}") from None


def places_of(tar: Path) -> dict[str, tuple[int, int]]:
    """Offset and size of each regular file of a tar, in bytes. Raises as `read_tar`."""
    return read_tar(tar).places
