"""What a disk or file system refuses, in a sentence with the remedy."""

import errno
import os
import resource
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
IN_WRITING = (*FULL, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE)
"""What a write may raise without naming its file."""


def refusal(error: OSError, path: Path | str, verb: str = "written") -> str:
    """What the system said of `path`, which was to be `verb`, and what to do."""
    number, cannot = error.errno, f"{path} cannot be {verb}"
    if number in FULL:
        quota = " (a quota is spent)" if number == errno.EDQUOT else ""
        return (
            f"no space left on the disk while writing {path}{quota}; "
            "free some, then run the same command again: finished files are kept"
        )
    if number == errno.EFBIG:
        return f"{path} grows larger than {_largest()}, then run the same command again"
    if number in (errno.EACCES, errno.EPERM):
        return (
            f"{cannot}: user {os.getuid()} has no permission; change the owner or the mode of the "
            "file and its folder (ls -ld shows them), or choose another place"
        )
    if number == errno.EROFS:
        return (
            f"{cannot}: its disk is mounted for reading alone; choose a place on another disk, or "
            "have it mounted for writing"
        )
    if number in (errno.EEXIST, errno.ENOTDIR):
        return f"{cannot}: a file stands where a folder is needed; rename it, or use another path"
    if number == errno.EISDIR:
        return f"{cannot}: it is a folder, and a file is needed; rename it, or use another path"
    if number == errno.ENOENT:
        return f"{cannot}: it does not exist; look whether the path is right"
    if number == errno.ENAMETOOLONG:
        return f"{cannot}: its name is too long for the file system; use a shorter one"
    words = (error.strerror or str(error)).lower()
    return f"{cannot} ({words}); see to its disk or network mount, then run the same command again"


def unsaid(error: OSError) -> str:
    """`refusal` of an error that nobody has said more of; "" if it tells of no file."""
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    if names:
        return refusal(error, os.fsdecode(names[-1]), "used")
    return refusal(error, "a file", "used") if error.errno in IN_WRITING else ""


def concerns(error: OSError, path: Path) -> bool:
    """Whether an error, raised while `path` was written, is of it, its folders or its content."""
    name = error.filename
    if error.errno in FULL or name is None:
        return error.errno in IN_WRITING
    if not isinstance(name, str | bytes):
        return False
    here = Path(os.fsdecode(name))
    return here in (path, *path.parents) or part_of(path) in (here, *here.parents)


def part_of(path: Path) -> Path:
    """The name that a file has until it is whole."""
    return path.with_name(f".{path.name}.part")


def _largest() -> str:
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return "its file system takes a file to be; choose a place on another one"
    return (
        f"the {limit:,} bytes that this process may write to a file; raise the limit "
        "(`ulimit -f unlimited` in the shell that starts the command)"
    )
