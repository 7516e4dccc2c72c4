"""The folder of a labelling: one call at a time uses it, and a killed one leaves no waste."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from selavi.files import UserError, explain_refusal

LOCK = "in-use"
SCRATCH = "scratch-"
"""Beginning of the names of folders that hold nothing after their call."""


def in_use(folder: Path) -> Path:
    """The file by which a folder of work is known, and that a call locks."""
    return folder / LOCK


def make_folder(folder: Path) -> None:
    """Make the folder of the work. Raises UserError if that is not allowed."""
    with explain_refusal(folder / LOCK):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # before hours of work, whose result is lost
            pass


@contextmanager
def removed_if_empty(output: Path) -> Iterator[None]:
    """Remove the output folder again if it is made in this block and an error leaves it empty.

    Parameters
    ----------
    output : Path
        The folder with that of the work in it.
    """
    existed = output.exists()
    try:
        yield
    except Exception:
        work = output / "work"
        if not existed and {path.name for path in work.glob("*")} <= {LOCK}:
            with suppress(OSError):
                in_use(work).unlink(missing_ok=True)
                work.rmdir()
                output.rmdir()
        raise


@contextmanager
def sole_use(folder: Path) -> Iterator[Path]:
    """Be the only call that uses the folder of a work, which is made if need be.

    Parameters
    ----------
    folder : Path
        The folder.

    Yields
    ------
    Path
        An empty folder in it, which is removed at the end.

    Raises
    ------
    UserError
        If another call uses it, or it cannot be written.
    """
    make_folder(folder)
    with (folder / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"{folder} is in use by another selavi ({file.read().strip()}); wait for its end, "
                "or name another folder with --output"
            ) from None
        except OSError:  # a file system without locks
            pass
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        for left in folder.glob(f"{SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
            yield Path(scratch)
