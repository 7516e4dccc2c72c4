"""A user's folders; a user name and a home folder where there are none: containers, batch nodes."""

import getpass
import os
import tempfile
from pathlib import Path


def settle_user() -> None:
    """Set missing facts of the user in the environment, which started processes inherit.

    A user without a name is called by number. A user without a writable home gets a private cache
    folder below the temporary folder, for all libraries that use one.
    """
    try:
        getpass.getuser()
    except (KeyError, OSError):  # OSError since Python 3.13
        os.environ["LOGNAME"] = f"uid{os.getuid()}"
    try:
        home = Path.home()
    except RuntimeError:  # neither $HOME nor an entry in /etc/passwd
        home = _private_folder()
        os.environ["HOME"] = str(home)
    if "XDG_CACHE_HOME" not in os.environ and not _can_write(home / ".cache"):
        os.environ["XDG_CACHE_HOME"] = str(_private_folder())
        os.environ.setdefault("MPLCONFIGDIR", str(_private_folder() / "matplotlib"))


def cache_folder(name: str) -> Path | None:
    """The user's folder of cached files, which may be missing.

    Parameters
    ----------
    name : str
        Name of the folder, below selavi's.

    Returns
    -------
    Path or None
        The folder; None for a user without a home.
    """
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:  # neither $HOME nor an entry in /etc/passwd
        return None
    return Path(cache, "selavi", name)


def _private_folder() -> Path:
    """A folder that nobody else can write to, since cached files may be executed."""
    folder = Path(tempfile.gettempdir(), f"selavi-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        ours = status.st_uid == os.getuid() and not status.st_mode & 0o022
        usable = ours and not folder.is_symlink() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        usable = False
    return folder if usable else Path(tempfile.mkdtemp(prefix="selavi-"))


def _can_write(folder: Path) -> bool:
    """Whether a folder can be written to, made if needed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
