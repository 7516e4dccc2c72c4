"""The files to label: those that are named, those in folders, and the rows of tables."""

import logging
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from selavi.data.manifest import printable
from selavi.data.sources.folder import EXTENSIONS, name_problem, walk
from selavi.data.sources.table import fragment, listed_problem, on_disk
from selavi.data.sources.video_table import read_video_table
from selavi.files import UserError
from selavi.label.work_folder import in_use

log = logging.getLogger(__name__)

AUDIO_EXTENSIONS = frozenset(
    {
        ".wav", ".mp3", ".flac", ".m4a", ".ogg", ".oga", ".opus", ".aac", ".wma", ".aif", ".aiff",
        ".mka", ".ac3", ".amr", ".caf",
    }
)  # fmt: skip
TABLES = (".csv", ".tsv")


@dataclass(frozen=True)
class Input:
    """A file to label, or a part of one.

    Attributes
    ----------
    path : Path
        The file, absolute.
    start : float
        Beginning of the part in seconds, NaN for the file's.
    end : float
        End of the part in seconds, NaN for the file's.
    reason : str
        Why it cannot be used, "" if nothing is known against it.
    detail : str
        The reason in a sentence.
    """

    path: Path
    start: float = math.nan
    end: float = math.nan
    reason: str = ""
    detail: str = ""

    @property
    def name(self) -> str:
        """The path as text that any file can hold."""
        return printable(os.fspath(self.path))


def find_inputs(paths: Sequence[Path]) -> list[Input]:
    """List the files that paths name, in the order of their paths, each once.

    A folder gives its videos and audio files by their suffix, at any depth; hidden files are
    skipped, and folders that a labelling wrote; links are followed. A CSV gives its rows, `path`
    and optionally `start` and `end` in seconds; its paths start from its own folder. Any other file
    is taken, whatever its suffix. A file that is reached by several paths, also through links, is
    listed under the first.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and tables.

    Returns
    -------
    list of Input
        The files, those with a `reason` included.

    Raises
    ------
    UserError
        If there is none, naming what is there instead, no path exists, or a table cannot be read.
    """
    skipped: Counter[str] = Counter()
    found = [each for path in paths for each in _inputs(absolute(path), skipped)]
    once: dict[str, Input] = {}
    for each in found:
        same = key_of(os.path.realpath(each.path), each.start, each.end)
        first = once.setdefault(same, each)
        if first.path != each.path:
            log.info("skipped %s: it is the same file as %s", each.name, first.name)
    passed = ", ".join(f"{n} x {suffix}" for suffix, n in skipped.most_common(5))
    if once and all(each.reason == "missing" for each in once.values()):
        raise UserError(
            f"{', '.join(map(str, paths))}: nothing is there; check the path, or connect the disk"
        )
    if not once:
        raise UserError(
            f"no videos or audio files in {', '.join(map(str, paths))}: looked for "
            f"{', '.join(sorted(EXTENSIONS | AUDIO_EXTENSIONS))} at any depth; "
            + (f"found {passed}" if passed else "nothing is there")
            + "; name a folder with videos, or name files themselves, which are taken whatever "
            "their suffix"
        )
    if passed:
        log.info("skipped files that are neither video nor audio by their suffix: %s", passed)
    return sorted(once.values(), key=lambda each: (each.name, _first(each)))


def absolute(path: Path) -> Path:
    """A path from the root, without `..`, in which links stay as far as possible."""
    return Path(os.path.realpath(path)) if ".." in path.parts else path.absolute()


def key_of(path: str, start: float, end: float) -> str:
    """Name of a part of a file: the path with a media fragment, `path#t=start,end`."""
    return path + fragment(start, end)


def _first(each: Input) -> float:
    return 0.0 if math.isnan(each.start) else each.start


def _inputs(path: Path, skipped: Counter[str]) -> Iterator[Input]:
    """The files of one path; those with another suffix are counted in `skipped`."""
    if path.is_dir():
        for file, problem in walk(path, skip=_has_labels):
            suffix = file.suffix.lower()
            if problem:
                yield Input(file, reason="unreadable-folder", detail=problem)
            elif suffix in EXTENSIONS or suffix in AUDIO_EXTENSIONS:
                reason, detail = name_problem(file)
                yield Input(file, reason=reason, detail=detail)
            else:
                skipped[printable(suffix) or "without suffix"] += 1
    elif path.suffix.lower() in TABLES and path.exists():
        table = read_video_table(path)
        columns = (table[name].tolist() for name in ("path", "start", "end"))
        for written, start, end in zip(*columns, strict=True):
            file = absolute(path.parent / on_disk(path.parent, written))
            reason, detail = name_problem(file)
            if not reason:
                reason, detail = listed_problem(file, start, end)
            yield Input(file, start, end, reason, detail)
    else:
        reason, detail = name_problem(path)
        yield Input(path, reason=reason, detail=detail) if reason else _named(path)


def _has_labels(folder: Path) -> bool:
    """Whether a folder is the output of a labelling, whose clips and links are no new videos."""
    tables = (folder / name for name in ("windows.csv", "labels.csv", "clusters.csv"))
    found = in_use(folder / "work").exists() or all(table.exists() for table in tables)
    if found:
        log.info("skipped %s: it holds the labels of other files", folder)
    return found


def _named(path: Path) -> Input:
    if os.path.lexists(path):
        return Input(path)
    return Input(path, reason="missing", detail="there is no such file or folder; check the path")
