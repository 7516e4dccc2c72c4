"""A table of videos as a source: each file that it names, as far as it is there."""

import logging
import math
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.manifest import report_missing, row_of
from selavi.data.schema import OUTCOME, SEGMENT, VIDEO, VideoRow, further
from selavi.data.sources.source import Listing, VideoSource, nothing_skipped
from selavi.data.sources.split_files import plain_class
from selavi.data.sources.video_table import read_video_table
from selavi.files import UserError
from selavi.formulas import unguarded
from selavi.settings import TableColumns

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Table(VideoSource):
    """The videos that a CSV names; see `read_video_table`.

    Parameters
    ----------
    root : Path
        What paths of videos start from.
    table : Path
        The CSV.
    labels : str
        "none" ignores its classes.
    max_missing : float
        Largest share of the videos that may be missing on disk.
    columns : TableColumns, optional
        Names of its columns.
    """

    root: Path
    table: Path
    labels: str = "folder"
    max_missing: float = 0.01
    columns: TableColumns | None = None

    @property
    def place(self) -> Path:
        """The table."""
        return self.table

    def _read(self) -> pd.DataFrame:
        return read_video_table(self.table, self.columns)

    def count(self, enough: int | None = None) -> int:
        """Count the rows of the table; see `Source.count`."""
        return len(self._read())

    def has_classes(self) -> bool:
        """Whether any row has a class."""
        return self.labels != "none" and bool((self._read()["label"] != "").any())

    def class_counts(self) -> Counter[str]:
        """Videos of each class."""
        return Counter(self.listing().videos["label"].map(plain_class))

    def files(self) -> list[Path]:
        """The table."""
        return [self.table]

    def listing(self) -> Listing:
        """List the videos, with start and end (seconds, NaN for the video's own) and own columns.

        A key is the path as the table has it, with `#t=start,end` if it is a segment. A video that
        is not there gets a row with the reason `missing`.

        Raises
        ------
        UserError
            If a video is named twice, or a larger share than `max_missing` is not there.
        """
        table, listed = self.table, self._read()
        columns = listed[["path", "label", *SEGMENT]]
        rows = [self._row(*cells) for cells in columns.itertuples(index=False)]
        result = pd.DataFrame(rows, columns=[*VIDEO, *OUTCOME])
        result = result.join(listed[[*SEGMENT, *further(listed)]])
        twice = result.loc[result["key"].duplicated(), "key"]
        if len(twice):
            raise UserError(f"{table} names {twice.iloc[0]} twice; keep one of the rows")
        _check_one_file(result, table)
        report_missing(
            result.loc[result["reason"] == "missing", "key"], len(result), self.max_missing
        )
        _warn_of_lost_classes(result, table)
        return Listing(result.sort_values("key", ignore_index=True), nothing_skipped())

    def _row(self, written: str, label: str, start: float, end: float) -> VideoRow:
        """A row of the manifest, of a path as it is written in the table."""
        path = on_disk(self.root, written)
        there = self.root / path
        if re.match(r"[A-Za-z]:[\\/]|\\\\", written.strip()) and not os.path.lexists(there):
            raise UserError(
                f"{self.table} names {written.strip()!r}, a path of a Windows machine; write the "
                f"paths as they are below the dataset's root, {self.root}"
            )
        key = Path(Path(path).as_posix() + fragment(start, end))
        label = label if self.labels != "none" else ""
        row = row_of(self.root, key, label, *listed_problem(there, start, end))
        row["path"] = str(there)
        return row


def _warn_of_lost_classes(rows: pd.DataFrame, table: Path) -> None:
    """Warn of classes without any video, as when a folder has another name than in the table."""
    there = set(rows.loc[rows["reason"] != "missing", "label"])
    lost = rows[~rows["label"].isin(there)].groupby("label", sort=False).size()
    for label, count in lost.items():
        log.warning("%s: class %r is lost: all %d of its videos are missing", table, label, count)


def _check_one_file(rows: pd.DataFrame, table: Path) -> None:
    """On a disk that ignores case, `a.mp4` and `a.MP4` are one file, which would be two videos."""
    alike = rows[rows["key"].str.casefold().duplicated(keep=False) & (rows["reason"] == "")]
    for _, group in alike.groupby(alike["key"].str.casefold()):
        first, *others = group["path"]
        for other in others:
            if Path(first).samefile(other):
                raise UserError(f"{table} names one file twice, as {first} and {other}; keep one")


def on_disk(root: Path, written: str) -> str:
    """A path of a table as it is on disk, where that tells whether its oddities belong to it.

    They are an apostrophe before a formula, blanks around it, and backslashes.
    """
    bare = unguarded(written)
    plain = bare.strip().replace("\\", "/")
    if plain != written:
        for path in (written, bare, bare.strip()):
            if path.strip() and os.path.lexists(root / path):
                return path
    return plain


def fragment(start: float, end: float) -> str:
    """The segment as a media fragment: `#t=1.5,4`; nothing for a whole video."""
    first, last = (
        "" if math.isnan(t) else np.format_float_positional(t, trim="-") for t in (start, end)
    )
    return f"#t={first}{',' if last else ''}{last}" if first or last else ""


def listed_problem(path: Path, start: float, end: float) -> tuple[str, str]:
    """Reason and detail of a row that cannot be used, by its file and times; else "" and ""."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "missing", "the file is named in the table and is not on disk"
    except (OSError, ValueError) as error:  # such as a name that no file can have
        return "unreadable", f"cannot look at the file: {getattr(error, 'strerror', error)}"
    if start < 0 or end <= (0 if math.isnan(start) else start):
        first = "the beginning" if math.isnan(start) else f"{start:g} s"
        return "bad-segment", f"the segment from {first} to {end:g} s is not valid"
    return "", ""
