"""Write torch.save files atomically, and check them for damage before reading.

Such a file is a zip with a checksum (CRC-32) per member, which torch writes but does not check.
Files from before torch 1.6 are not zips and have no checksums.
"""

import errno
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from selavi.disk import refusal
from selavi.files import UserError, atomic_path

CHUNK = 2**22
ZIP = b"PK\3\4"  # torch, too, recognises a zip by it
FOLDER = 0x10  # torch reads no content from a member with this attribute


class Damaged(UserError):
    """A file is missing or its content damaged, as opposed to an error of the machine."""


def save_tensors(path: Path, content: dict[str, Any]) -> None:
    """Write `content` with torch.save, atomically. Raises UserError as `atomic_path`."""
    with atomic_path(path) as temporary:
        write_tensors(temporary, content)


def write_tensors(path: Path, content: dict[str, Any]) -> None:
    """Write `content` with torch.save, and sync it to the disk. Raises OSError."""
    with path.open("wb") as file:
        try:
            torch.save(content, file)
        except RuntimeError as error:
            # After a failed write, torch's writer raises only that its position is wrong.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            if "inline_container" in str(error) or "PytorchStreamWriter" in str(error):
                raise OSError(errno.EIO, str(error).splitlines()[0]) from None
            raise
        file.flush()
        os.fsync(file.fileno())


def read_tensors(path: Path) -> Any:
    """Read a file of `save_tensors`, to the CPU.

    Raises
    ------
    Damaged
        If the file is damaged or missing.
    UserError
        If the disk or memory fails.
    """
    require_whole(path, "")
    try:
        with machine_at_fault(path):
            return torch.load(path, map_location="cpu", weights_only=True)
    except UserError:
        raise
    except Exception as error:  # torch raises many kinds for invalid files
        cause = (str(error).splitlines() or [type(error).__name__])[0]
        raise Damaged(f"{path} is damaged ({cause})") from None


def require_whole(path: Path, remedy: str) -> None:
    """Check the checksums of a torch.save file.

    Parameters
    ----------
    path : Path
        The file.
    remedy : str
        What the error tells the user to do.

    Raises
    ------
    Damaged
        If the file is damaged or missing.
    UserError
        If the disk or memory fails.
    """
    with machine_at_fault(path):
        cause = damage(path)
    if cause:
        raise Damaged(f"{path} is damaged ({cause})" + (f"; {remedy}" if remedy else ""))


@contextmanager
def machine_at_fault(path: Path) -> Iterator[None]:
    """Turn errors of the disk and of memory into UserError; let those of a file's content pass.

    Raises
    ------
    Damaged
        If the file is missing.
    UserError
        If the disk or memory fails.
    """
    try:
        yield
    except FileNotFoundError:
        raise Damaged(f"{path} is missing") from None
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # content that points before the file's start
            raise
        raise UserError(refusal(error, path, "read")) from None
    except (MemoryError, RuntimeError) as error:
        # Instead of MemoryError torch raises RuntimeError with this text.
        if isinstance(error, RuntimeError) and "can't allocate memory" not in str(error):
            raise
        raise UserError(
            f"reading {path} needs more memory than is free; give the job more, or end other "
            "programs, then run the same command again"
        ) from None


def damage(path: Path) -> str:
    """Check the bytes of a zip.

    Members without a checksum, which torch can be told to omit, are not checked.

    Returns
    -------
    str
        What is wrong, "" if nothing, or if the file is not a zip.

    Raises
    ------
    OSError or MemoryError
        If the disk or memory fails.
    """
    with path.open("rb") as file:
        if file.read(len(ZIP)) != ZIP:
            return ""
        name = "its list of members"
        try:
            with zipfile.ZipFile(file) as archive:
                for member in archive.infolist():
                    name = member.filename
                    if member.compress_type != zipfile.ZIP_STORED or member.external_attr & FOLDER:
                        return f"{name} is not stored as torch.save does"
                    if member.CRC == 0:
                        continue
                    with archive.open(member) as content:
                        while content.read(CHUNK):
                            pass
        except Exception as error:  # zipfile raises many kinds for invalid bytes
            # EINVAL: content that points before the file's start.
            if isinstance(error, MemoryError) or (
                isinstance(error, OSError) and error.errno != errno.EINVAL
            ):
                raise
            return f"{name} differs from what was written"
    return ""
