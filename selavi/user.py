"""A name and a home for libraries, where this process's user has none: containers, batch nodes."""

import getpass
import os
import tempfile
from pathlib import Path


def settle_user() -> None:
    """Set in the environment what the user lacks; the processes started from here inherit it.

    A user without a name is called by the number; one whose home cannot be written, or who has
    none, gets a private cache folder beside the temporary files, for all libraries that keep one.
    """
    try:
        getpass.getuser()
    except (KeyError, OSError):  # OSError since Python 3.13
        os.environ["LOGNAME"] = f"uid{os.getuid()}"
    try:
        home = Path.home()
    except RuntimeError:  # neither $HOME nor an entry in the list of users
        home = _private_folder()
        os.environ["HOME"] = str(home)
    if "XDG_CACHE_HOME" not in os.environ and not _can_write(home / ".cache"):
        os.environ["XDG_CACHE_HOME"] = str(_private_folder())
        os.environ.setdefault("MPLCONFIGDIR", str(_private_folder() / "matplotlib"))


def _private_folder() -> Path:
    """A folder that nobody else can write: what lies in a cache may be executed."""
    folder = Path(tempfile.gettempdir(), f"selavi-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        ours = found.st_uid == os.getuid() and not found.st_mode & 0o022
        usable = ours and not folder.is_symlink() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        usable = False
    return folder if usable else Path(tempfile.mkdtemp(prefix="selavi-"))


def _can_write(folder: Path) -> bool:
    """Whether a folder is there to write into, or could be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
