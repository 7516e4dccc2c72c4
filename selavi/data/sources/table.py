"""The manifest of videos that a table names; nothing decoded."""

import logging
import math
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.manifest import (
    report_missing,
    row_of,
    write_rows,
)
from selavi.data.schema import OUTCOME, SKIPPED, VIDEO, further
from selavi.data.sources.video_table import read_video_table
from selavi.files import UserError, write_csv
from selavi.formulas import unguarded
from selavi.settings import TableColumns

log = logging.getLogger(__name__)


def listed_videos(
    root: Path, table: Path, labels: str, max_missing: float, columns: TableColumns | None = None
) -> pd.DataFrame:
    """The videos that a CSV names; see `read_video_table`. Labels "none" ignores its classes.

    Returns
    -------
    As `find_videos`, start and end (seconds, NaN for the video's own), and the table's further
    columns. A key is the path as the table has it, with `#t=start,end` if it is a segment.

    Raises
    ------
    UserError if a video is named twice, or a larger share than `max_missing` is not there.
    """
    listed = read_video_table(table, columns)
    rows = []
    for written, label, start, end in listed[["path", "label", "start", "end"]].itertuples(
        index=False
    ):
        path = _on_disk(root, written)
        if re.match(r"[A-Za-z]:[\\/]|\\\\", written.strip()) and not os.path.lexists(root / path):
            raise UserError(
                f"{table} names {written.strip()!r}, a path of a Windows machine; write the paths "
                f"as they are below the dataset's root, {root}"
            )
        key = Path(path).as_posix() + _fragment(start, end)
        problem = _listed_problem(root / path, start, end)
        row = row_of(root, Path(key), label if labels != "none" else "", *problem)
        rows.append(row | {"path": str(root / path)})
    result = pd.DataFrame(rows, columns=[*VIDEO, *OUTCOME])
    result = result.join(listed[["start", "end", *further(listed)]])
    twice = result.loc[result["key"].duplicated(), "key"]
    if len(twice):
        raise UserError(f"{table} names {twice.iloc[0]} twice; keep one of the rows")
    _check_one_file(result, table)
    report_missing(result.loc[result["reason"] == "missing", "key"], len(result), max_missing)
    _warn_of_lost_classes(result, table)
    return result.sort_values("key", ignore_index=True)


def _warn_of_lost_classes(rows: pd.DataFrame, table: Path) -> None:
    """A folder of another name than in the table takes a class with it, however small."""
    there = set(rows.loc[rows["reason"] != "missing", "label"])
    lost = rows[~rows["label"].isin(there)].groupby("label", sort=False).size()
    for label, count in lost.items():
        log.warning("%s: class %r is lost: all %d of its videos are missing", table, label, count)


def _check_one_file(rows: pd.DataFrame, table: Path) -> None:
    """On a disk that minds no case, `a.mp4` and `a.MP4` are one file, and would be two videos."""
    alike = rows[rows["key"].str.casefold().duplicated(keep=False) & (rows["reason"] == "")]
    for _, group in alike.groupby(alike["key"].str.casefold()):
        first, *others = group["path"]
        for other in others:
            if Path(first).samefile(other):
                raise UserError(f"{table} names one file twice, as {first} and {other}; keep one")


def write_listed_manifest(
    root: Path,
    table: Path,
    labels: str,
    max_missing: float,
    shards: int,
    output: Path,
    columns: TableColumns | None = None,
    skipped: Path | None = None,
) -> pd.DataFrame:
    """Write the manifest CSV of the videos that a table names; see `listed_videos`.

    skipped : as `write_manifest` has it; a table names nothing but videos.
    """
    rows = listed_videos(root, table, labels, max_missing, columns)
    if skipped:
        write_csv(skipped, pd.DataFrame(columns=list(SKIPPED)))
    return write_rows(rows, table, shards, output)


def _on_disk(root: Path, written: str) -> str:
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


def _fragment(start: float, end: float) -> str:
    """The segment as a media fragment: `#t=1.5,4`; nothing for a whole video."""
    first, last = (
        "" if math.isnan(t) else np.format_float_positional(t, trim="-") for t in (start, end)
    )
    return f"#t={first}{',' if last else ''}{last}" if first or last else ""


def _listed_problem(path: Path, start: float, end: float) -> tuple[str, str]:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "missing", "the file is named in the table and is not on disk"
    except (OSError, ValueError) as error:  # such as a name that no file can have
        return "unreadable", f"cannot look at the file: {getattr(error, 'strerror', error)}"
    if start < 0 or end <= (0 if math.isnan(start) else start):
        return "bad-segment", f"the segment from {start:g} s to {end:g} s is none"
    return "", ""
