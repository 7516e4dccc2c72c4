"""A folder of videos, whatever its depth; the first folder below it may be the class."""

import logging
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from selavi.data.manifest import printable, row_of
from selavi.data.schema import OUTCOME, SKIPPED, VIDEO, VideoRow, manifest_column
from selavi.data.sources.source import Listing, VideoSource
from selavi.data.sources.split_files import plain_class
from selavi.files import UserError

log = logging.getLogger(__name__)

EXTENSIONS = frozenset(
    {
        ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts",
        ".vob", ".flv", ".wmv", ".ogv", ".3gp", ".3g2", ".mxf",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Folder(VideoSource):
    """The videos below a folder.

    Parameters
    ----------
    folder : Path
        Links are followed; hidden files (`.x`, not `..x`) are skipped.
    labels : str
        "folder" takes the first folder below `folder` as class, if there is one; "none" takes
        none.
    """

    folder: Path
    labels: str = "folder"

    @property
    def place(self) -> Path:
        """The folder."""
        return self.folder

    def count(self, enough: int | None = None) -> int:
        """Count the videos, as far as `enough`; see `Source.count`."""
        found = 0
        for path, problem in walk(self.folder):
            found += not problem and is_video(path)
            if found == enough:
                break
        if not found:
            self.listing()  # says what is there instead
        return found

    def has_classes(self) -> bool:
        """Whether videos here will have classes: one that lies in a folder below is enough."""
        return self.labels != "none" and any(
            not problem and is_video(path) and path.parent != self.folder
            for path, problem in walk(self.folder)
        )

    def class_counts(self) -> Counter[str]:
        """Videos of each class."""
        return Counter(self.listing().videos["label"].map(plain_class))

    def listing(self) -> Listing:
        """List the videos, in the order of their keys, and count the skipped files.

        A folder that cannot be read, and a name that is not valid UTF-8, get a row with a `reason`.

        Raises
        ------
        UserError
            If the folder is missing or holds no video.
        """
        folder = self.folder
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder; set the dataset's root and splits to yours")
        rows: list[VideoRow] = []
        others: Counter[str] = Counter()
        examples: dict[str, str] = {}
        for path, problem in walk(folder):
            relative = path.relative_to(folder)
            if problem:
                rows.append(row_of(folder, relative, "", "unreadable-folder", problem))
            elif not is_video(path):
                suffix = printable(path.suffix.lower()) or "without suffix"
                others[suffix] += 1
                examples.setdefault(suffix, printable(relative.as_posix()))
            else:
                label = relative.parts[0] if len(relative.parts) > 1 else ""
                label = label if self.labels != "none" else ""
                rows.append(row_of(folder, relative, label, *name_problem(relative)))
        counted = sorted(others.items(), key=lambda item: (-item[1], item[0]))
        passed = ", ".join(f"{n} x {suffix}" for suffix, n in counted[:5])
        if not any(row["reason"] == "" for row in rows):
            problems = "".join(f"\n  {row['key']}: {row['detail']}" for row in rows[:5])
            raise UserError(
                f"no videos in {folder}: looked for {', '.join(sorted(EXTENSIONS))} at any depth"
                + (f"; found {passed}" if passed else "; it is empty")
                + problems
            )
        if passed:
            log.info("skipped files that are not videos by their suffix: %s", passed)
        videos = pd.DataFrame(rows, columns=[*VIDEO, *OUTCOME])
        skipped = [(suffix, n, examples[suffix]) for suffix, n in counted]
        return Listing(
            videos.sort_values("key", ignore_index=True),
            pd.DataFrame(skipped, columns=list(SKIPPED)),
        )

    def changes(self, manifest: Path) -> tuple[list[str], list[str]]:
        """Keys of the videos that came into the folder since its manifest was made, and went.

        A folder that is gone as a whole, as when it is on a disk that is not there, has lost no
        videos.
        """
        if not self.folder.is_dir():
            return [], []
        listed = {key for keys in manifest_column(manifest, "key") for key in keys}
        there = {
            printable(path.relative_to(self.folder).as_posix())
            for path, problem in walk(self.folder)
            if problem or is_video(path)
        }
        return sorted(there - listed), sorted(listed - there)


def walk(
    folder: Path, skip: Callable[[Path], bool] = lambda _: False
) -> Iterator[tuple[Path, str]]:
    """Files below `folder`, and folders that cannot be read with the reason.

    A folder is listed once, under its own name if it has one here: links are followed at the end.
    Folders below it that `skip` tells of are left out.
    """
    problems: list[OSError] = []
    seen: dict[tuple[int, int], Path] = {}
    tops = deque([folder])
    while tops:
        for name, folders, files in os.walk(tops.popleft(), onerror=problems.append):
            where = Path(name)
            status = where.stat()
            first = seen.setdefault((status.st_dev, status.st_ino), where)
            if first != where:
                log.info("skipped %s: it is the same folder as %s", where, first)
                folders.clear()
                continue
            shown = sorted(name for name in folders if not _hidden(name))
            folders[:] = [name for name in shown if not skip(where / name)]
            tops += [path for path in map(where.joinpath, folders) if path.is_symlink()]
            for name in sorted(files):
                if not _hidden(name):
                    yield where / name, ""
        for error in problems:
            yield Path(error.filename), f"cannot read the folder: {error.strerror}"
        problems.clear()


def _hidden(name: str) -> bool:
    """Whether a name is a hidden one; a title may begin with an ellipsis, or with half of one."""
    return name.startswith(".") and not name.startswith("..")


def is_video(path: Path) -> bool:
    """Whether a file is a video by its suffix."""
    return path.suffix.lower() in EXTENSIONS


def name_problem(relative: Path) -> tuple[str, str]:
    """Reason and detail of a name that tables cannot hold; "" and "" for others."""
    try:
        relative.as_posix().encode("utf-8")
    except UnicodeEncodeError:
        return "bad-name", "the file's name is not valid UTF-8; rename it"
    return "", ""
