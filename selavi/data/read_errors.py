"""Whose fault a read error is: the video's, which is then rejected, or the machine's.

A rejection is permanent, so a disk that is not mounted or a process that was killed must not cause
one: the job fails instead, and is run again.
"""

import errno
import os
import signal
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from selavi.disk import refusal
from selavi.files import UserError

OF_THE_FILE = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
)
CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL})
ENDED = 255
"""ffmpeg's exit status after a signal that it caught."""
CHUNK = 2**20
WITNESSES = 48
"""If not one of this many videos can be opened, their disk is missing."""


class Rejected(Exception):
    """A video that cannot be used.

    Parameters
    ----------
    reason : str
        A word for programs, such as "decode-failed".
    detail : str
        A sentence for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def check_file(path: Path, whole: bool = False) -> None:
    """Check that a file can be read.

    Parameters
    ----------
    path : Path
        The file.
    whole : bool
        Whether to read all of it, not just the first byte.

    Raises
    ------
    Rejected
        If it is empty, not a regular file, missing or not readable by this user.
    UserError
        If the disk fails.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would block
            raise Rejected("unreadable", "not a regular file")
        with path.open("rb", buffering=0) as file:
            if not file.read(CHUNK if whole else 1):
                raise Rejected("empty-file", "the file has no bytes")
            while whole and file.read(CHUNK):
                pass
    except OSError as error:
        if error.errno in OF_THE_FILE:
            raise Rejected("unreadable", f"cannot read the file: {error.strerror}") from None
        raise UserError(
            f"{path}: {error.strerror}. This is a fault of the disk or the machine, so the video "
            "is not rejected; repair it, or remove the video, and run the same command again"
        ) from error


def check_exit(path: Path, status: int, has_errors: bool) -> None:
    """Check the exit status of ffmpeg.

    Parameters
    ----------
    path : Path
        The file that ffmpeg read.
    status : int
        Its exit status, negative after a signal.
    has_errors : bool
        Whether ffmpeg printed errors.

    Raises
    ------
    Rejected
        If ffmpeg crashed.
    UserError
        If ffmpeg was ended by a signal, or the disk fails.
    """
    if status == -signal.SIGXFSZ:
        scratch = f"ffmpeg's output in the temporary folder {tempfile.gettempdir()}"
        raise UserError(refusal(OSError(errno.EFBIG, ""), scratch))
    if status == ENDED or (status < 0 and -status not in CRASHES):
        raise UserError(
            f"ffmpeg was ended by a signal (exit status {status}) while it read {path}. If memory "
            "ran out, give the job more, or fewer threads; then run the same command again"
        )
    if has_errors or status:
        check_file(path, whole=True)
    if status < 0:
        raise Rejected("decode-failed", f"ffmpeg crashed on it ({signal.Signals(-status).name})")


def opens(path: Path) -> bool:
    """Whether a file can be opened, whatever its content."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def first_that_opens(paths: Sequence[Path], others: Sequence[Path]) -> Path | None:
    """The first of some videos that can be opened.

    Parameters
    ----------
    paths : Sequence of Path
        The videos.
    others : Sequence of Path
        More videos of the split, tried until there are `WITNESSES`: a few alone prove nothing.

    Returns
    -------
    Path or None
        The video, None if `paths` is empty.

    Raises
    ------
    UserError
        If none can be opened, so that their disk must be missing.
    """
    tried = [*paths, *others[: max(0, WITNESSES - len(paths))]] if paths else []
    for path in tried:
        if opens(path):
            return path
    if tried:
        raise UserError(
            f"none of {len(tried)} videos of this split can be opened, such as {tried[0]}. Check "
            "that their disk is mounted on this machine and readable by this user. If the videos "
            "were moved, make the split's manifest again"
        )
    return None
