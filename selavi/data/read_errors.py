"""Whose fault it is that a video cannot be read: the video's, which is rejected, or the machine's.

A verdict on a video lasts, so a disk that is not mounted or a process that was killed must not
become one: then the job fails, and is run again.
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
"""Videos that, if none of them can be opened, mean that their disk is gone."""


class Rejected(Exception):
    """A video that is rejected: a machine-readable reason and a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def check_file(path: Path, whole: bool = False) -> None:
    """Read a file's first byte, or all of it if `whole`.

    Raises Rejected if it is empty, no file, vanished or locked; UserError if the disk fails.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for ever
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
            "is not rejected; mend it, or take the video away, and run the same command again"
        ) from error


def check_exit(path: Path, status: int, complained: bool) -> None:
    """Judge the exit status of the ffmpeg that read `path`; `complained`: it printed errors.

    Raises Rejected if it crashed; UserError if it was ended, or the disk fails.
    """
    if status == -signal.SIGXFSZ:
        scratch = f"what ffmpeg writes in the temporary folder {tempfile.gettempdir()}"
        raise UserError(refusal(OSError(errno.EFBIG, ""), scratch))
    if status == ENDED or (status < 0 and -status not in CRASHES):
        raise UserError(
            f"ffmpeg was ended by a signal (exit status {status}) while it read {path}. If memory "
            "ran out, give the job more, or fewer threads; then run the same command again"
        )
    if complained or status:
        check_file(path, whole=True)
    if status < 0:
        raise Rejected("decode-failed", f"ffmpeg crashed on it ({signal.Signals(-status).name})")


def opens(path: Path) -> bool:
    """Whether a file, whatever is in it, can be opened."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def first_that_opens(paths: Sequence[Path], others: Sequence[Path]) -> Path | None:
    """The first of some videos that can be opened; None if there are none at all.

    One of few cannot speak for its disk: they are filled up from `others` to `WITNESSES`.

    Raises UserError if not one of them can: then it is the disk that is not there.
    """
    asked = [*paths, *others[: max(0, WITNESSES - len(paths))]] if paths else []
    for path in asked:
        if opens(path):
            return path
    if asked:
        raise UserError(
            f"none of {len(asked)} videos of this split can be opened, such as {asked[0]}: is "
            "their disk there on this machine, and may this user read it? If they were taken away, "
            "make the split's manifest again"
        )
    return None
