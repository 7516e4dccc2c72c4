"""Errors of disks and file systems as sentences with a remedy."""

import errno
import os
import resource
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
WRITE_ERRORS = (*FULL, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE)
"""Errors that a write may raise without naming its file."""


def refusal(error: OSError, path: Path | str, verb: str = "written") -> str:
    """Explain an error of the operating system.

    Parameters
    ----------
    error : OSError
        The error.
    path : Path or str
        The file.
    verb : str
        What was to be done with it: "written", "read" or "used".

    Returns
    -------
    str
        What is wrong, and what to do.
    """
    number, cannot = error.errno, f"{path} cannot be {verb}"
    if number in FULL:
        quota = " (quota exceeded)" if number == errno.EDQUOT else ""
        return (
            f"no space left on the disk while writing {path}{quota}; "
            "free some, then run the same command again: finished files are kept"
        )
    if number == errno.EFBIG:
        return f"{path} would be larger than {_size_limit()}, then run the same command again"
    if number in (errno.EACCES, errno.EPERM):
        return (
            f"{cannot}: user {os.getuid()} has no permission; change the owner or the mode of the "
            "file and its folder (ls -ld shows them), or use another path"
        )
    if number == errno.EROFS:
        return (
            f"{cannot}: its disk is mounted read-only; choose a path on another disk, or have it "
            "mounted for writing"
        )
    if number in (errno.EEXIST, errno.ENOTDIR):
        return f"{cannot}: a file is where a folder is needed; rename it, or use another path"
    if number == errno.EISDIR:
        return f"{cannot}: it is a folder, not a file; rename it, or use another path"
    if number == errno.ENOENT:
        return f"{cannot}: it does not exist; check the path"
    if number == errno.ENAMETOOLONG:
        return f"{cannot}: its name is too long for the file system; use a shorter one"
    cause = (error.strerror or str(error)).lower()
    if verb == "written":  # the error may also come from reading the file's inputs
        return (
            f"{path} cannot be written ({cause}); check the disks and network mounts of it and of "
            "its inputs, then run the same command again"
        )
    return f"{cannot} ({cause}); check its disk or network mount, then run the same command again"


def unexplained(error: OSError) -> str:
    """`refusal` of an error that no code closer to it has explained; "" if it is of no file."""
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    if names:
        return refusal(error, os.fsdecode(names[-1]), "used")
    return refusal(error, "a file", "used") if error.errno in WRITE_ERRORS else ""


def concerns(error: OSError, path: Path) -> bool:
    """Whether an error raised while `path` was written is about it, its folders or its content."""
    name = error.filename
    if error.errno in FULL or name is None:
        return error.errno in WRITE_ERRORS
    if not isinstance(name, str | bytes):
        return False
    named = Path(os.fsdecode(name))
    return named in (path, *path.parents) or part_of(path) in (named, *named.parents)


def part_of(path: Path) -> Path:
    """The temporary name of a file while it is written."""
    return path.with_name(f".{path.name}.part")


def _size_limit() -> str:
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return "its file system allows; choose a path on another one"
    return (
        f"the {limit:,} bytes that this process may write to a file; raise the limit "
        "(`ulimit -f unlimited` in the shell that starts the command)"
    )
