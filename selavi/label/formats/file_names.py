"""Names of files and folders made from users' names: valid everywhere, unique, below one folder."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from selavi.data.manifest import id_of

_LONGEST = 180  # bytes, of the 255 that file systems allow: a suffix and a hash may follow
_INVALID = set('<>:"/\\|?*')  # on Windows and its file systems
_CONTROL = ("Cc", "Cs", "Zl", "Zp")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


def safe_name(text: str) -> str:
    """A valid name of a file or folder, as near to `text` as can be.

    Examples
    --------
    >>> safe_name("dogs: barking?")
    'dogs_ barking_'
    >>> safe_name("..")
    '_'
    """
    name = "".join("_" if c in _INVALID or unicodedata.category(c) in _CONTROL else c for c in text)
    name = name.lstrip(". ").encode()[:_LONGEST].decode(errors="ignore").rstrip(". ")
    return f"_{name}" if not name or name.split(".")[0].lower() in _DEVICES else name


def places(paths: Iterable[str], suffix: str) -> dict[str, PurePosixPath]:
    """A relative path for each video's file of labels, in folders as the videos are.

    Copied over the folder of the videos, each file then lies beside its video. It is called like
    the video with another suffix, for which players look; videos that differ by no more than that,
    or by what `safe_name` changes, get longer names.

    Parameters
    ----------
    paths : iterable of str
        Paths of videos.
    suffix : str
        Of the new files, such as ".vtt".

    Returns
    -------
    dict
        path -> its place, all different, also where upper and lower case are the same.
    """
    paths = list(dict.fromkeys(paths))
    root = common_folder(paths)
    wishes = {}
    for path in paths:
        inside = below(path, root)
        folder = PurePosixPath(*(safe_name(part) for part in inside.parts[:-1]))
        names = (
            safe_name(inside.stem), safe_name(inside.name),
            f"{safe_name(inside.stem)}-{id_of(path)}",
        )  # fmt: skip
        wishes[path] = [folder / f"{name}{suffix}" for name in names]
    return _without_clashes(wishes)


def link_names(paths: Iterable[str]) -> dict[str, PurePosixPath]:
    """A name for a link to each of `paths` in one folder, with the suffix of the file."""
    wishes = {}
    for path in dict.fromkeys(paths):
        name = PurePosixPath(path)
        suffix = f".{safe_name(name.suffix)}" if 1 < len(name.suffix) < 12 else ""
        stem = safe_name(name.stem if suffix else name.name)
        wishes[path] = [
            PurePosixPath(f"{stem}{suffix}"), PurePosixPath(f"{stem}-{id_of(path)}{suffix}"),
        ]  # fmt: skip
    return _without_clashes(wishes)


def common_folder(paths: Sequence[str]) -> str:
    """The deepest folder that all `paths` are in; absolute."""
    return os.path.commonpath([_normal(path).parent for path in paths] or [Path("/")])


def below(path: str, root: str) -> PurePosixPath:
    """Where a path is below a folder that it is in."""
    return PurePosixPath(os.path.relpath(_normal(path), root))


def _normal(path: str) -> Path:
    return Path(os.path.normpath(Path(path).absolute()))


def _without_clashes(wishes: dict[str, list[PurePosixPath]]) -> dict[str, PurePosixPath]:
    """The first of each path's wishes that clashes with no other file or folder."""
    folders = {_key(parent) for found in wishes.values() for parent in found[0].parents}
    level = dict.fromkeys(wishes, 0)
    while True:
        chosen = {path: wishes[path][level[path]] for path in wishes}
        count = Counter(map(_key, chosen.values()))
        clashing = [
            path
            for path, place in chosen.items()
            if (count[_key(place)] > 1 or _key(place) in folders)
            and level[path] + 1 < len(wishes[path])
        ]
        if not clashing:
            return chosen
        for path in clashing:
            level[path] += 1


def _key(place: PurePosixPath) -> str:
    """Equal for paths that some file system takes for the same."""
    return unicodedata.normalize("NFC", str(place)).casefold()
