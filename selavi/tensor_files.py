"""Files of torch.save: written whole, and looked at for damage before they are read.

Such a file is a zip with a checksum (CRC-32) of each member, which torch writes and does not check.
Files from before torch 1.6 are no zips and have none.
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
ZIP = b"PK\3\4"  # by which torch, too, tells them
FOLDER = 0x10  # a member that is marked as one has no content for torch


class Damaged(UserError):
    """A file is not as it was written; other errors of reading say nothing of its content."""


def save_tensors(path: Path, content: dict[str, Any]) -> None:
    """Write `content` by torch.save, atomically. Raises UserError as `atomic_path`."""
    with atomic_path(path) as temporary:
        write_tensors(temporary, content)


def write_tensors(path: Path, content: dict[str, Any]) -> None:
    """Write `content` by torch.save, through to the disk. Raises OSError."""
    with path.open("wb") as file:
        try:
            torch.save(content, file)
        except RuntimeError as error:
            # Of a write that failed torch's writer says only that its place is not what it was.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            if "inline_container" in str(error) or "PytorchStreamWriter" in str(error):
                raise OSError(errno.EIO, str(error).splitlines()[0]) from None
            raise
        file.flush()
        os.fsync(file.fileno())


def read_tensors(path: Path) -> Any:
    """What a file of our own holds, on the CPU.

    Raises Damaged if it is damaged or missing, another UserError if the disk or memory fails.
    """
    require_whole(path, "")
    try:
        with machine_at_fault(path):
            return torch.load(path, map_location="cpu", weights_only=True)
    except UserError:
        raise
    except Exception as error:  # torch raises many kinds for files that are not its own
        words = (str(error).splitlines() or [type(error).__name__])[0]
        raise Damaged(f"{path} is damaged ({words})") from None


def require_whole(path: Path, remedy: str) -> None:
    """Raise Damaged, with the remedy, if the content of a zip is not what was written into it.

    Raises as `machine_at_fault`, too.
    """
    with machine_at_fault(path):
        words = damage(path)
    if words:
        raise Damaged(f"{path} is damaged ({words})" + (f"; {remedy}" if remedy else ""))


@contextmanager
def machine_at_fault(path: Path) -> Iterator[None]:
    """Tell errors of the disk and of memory, in reading, from those of a file's content.

    Raises UserError for them; Damaged for a file that is missing.
    """
    try:
        yield
    except FileNotFoundError:
        raise Damaged(f"{path} is missing") from None
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # of a place before the file's start
            raise
        raise UserError(refusal(error, path, "read")) from None
    except (MemoryError, RuntimeError) as error:
        # In place of a MemoryError torch raises its base, with this in its words.
        if isinstance(error, RuntimeError) and "can't allocate memory" not in str(error):
            raise
        raise UserError(
            f"{path} needs more memory to be read than there is; ask for more, or end what else "
            "uses it, then run the same command again"
        ) from None


def damage(path: Path) -> str:
    """What is wrong with a zip's bytes, in words; "" for nothing, and for files that are no zip.

    A member without a checksum (torch can be told to leave them out) passes. Raises OSError and
    MemoryError where they are not of the content.
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
                        return f"{name} is stored otherwise than torch.save does"
                    if member.CRC == 0:
                        continue
                    with archive.open(member) as content:
                        while content.read(CHUNK):
                            pass
        except Exception as error:  # zipfile raises many kinds for bytes that make no sense
            # EINVAL is of a place before the file's start.
            if isinstance(error, MemoryError) or (
                isinstance(error, OSError) and error.errno != errno.EINVAL
            ):
                raise
            return f"{name} is not as it was written"
    return ""
