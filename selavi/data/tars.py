"""Tars as others wrote them: plain, whole, and where their members lie."""

import bz2
import gzip
import io
import lzma
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

OPENERS: dict[bytes, Callable[[Path], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
END = bytes(2 * tarfile.BLOCKSIZE)
CHUNK = 2**20


def unpack(tar: Path) -> None:
    """Put a plain tar in the place of a compressed one (of a link to it, if it is one).

    Raises tarfile.TarError if it is cut off or damaged.
    """
    with tar.open("rb") as file:
        start = file.read(max(map(len, OPENERS)))
    opener = next((o for magic, o in OPENERS.items() if start.startswith(magic)), None)
    if opener is None:
        return
    plain = tar.with_name(f"{tar.name}.plain")
    try:
        with opener(tar) as packed, plain.open("wb") as file:
            shutil.copyfileobj(packed, file, CHUNK)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno:  # the disk's, not the content's
            raise
        raise tarfile.ReadError(str(error)) from None
    plain.replace(tar)


def places_of(tar: Path) -> dict[str, tuple[int, int]]:
    """Offset and size, in bytes, of each file in a tar that is not compressed, in their order.

    Raises tarfile.TarError if a name is there twice, or if the tar lacks its end marker: it was cut
    off, be it between two members, where tarfile takes it for whole.
    """
    places: dict[str, tuple[int, int]] = {}
    with tarfile.open(tar, "r:") as archive, tar.open("rb") as file:
        for member in archive:
            if member.isreg():
                if member.name in places:
                    raise tarfile.ReadError(f"{member.name} is in it twice")
                places[member.name] = member.offset_data, member.size
        file.seek(archive.offset)
        if file.read(len(END)) != END:
            raise tarfile.ReadError(f"it breaks off after {len(places)} files")
    return places
