"""Videos named one by one: a CSV of the user's, or the split files of UCF-101 and HMDB-51."""

import csv
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from selavi.files import UserError
from selavi.settings import OfficialSettings


def read_video_table(path: Path) -> pd.DataFrame:
    """Read a CSV of videos.

    Returns
    -------
    Columns path and label ("" if the table has none), start and end (seconds, float; NaN means the
    video's own), one row per row of the file.

    Raises
    ------
    UserError if it cannot be read, a column is unknown or missing, or a time is no number.
    """
    try:
        _check_widths(path)
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; set the split's `table` to your list") from None
    except (
        csv.Error,
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
        UnicodeDecodeError,
    ) as error:
        raise UserError(f"{path} is not a CSV file: {error}") from None
    known = ["path", "label", "start", "end"]
    for column in table.columns.difference(known):
        close = difflib.get_close_matches(str(column), known, n=1)
        raise UserError(
            f"{path}: unknown column {column!r}"
            + (f"; did you mean {close[0]!r}?" if close else f"; the columns are {known}")
        )
    if "path" not in table or table.empty:
        raise UserError(f"{path} names no videos; it needs a column `path` and a row for each")
    for column in ("label", "start", "end"):
        if column not in table:
            table[column] = ""
    for column in ("start", "end"):
        numbers = pd.to_numeric(table[column].replace("", "nan"), errors="coerce")
        wrong = numbers.isna() & (table[column] != "")
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise UserError(
                f"{path}, line {row + 2}: {column} = {table[column][row]!r} is not in seconds"
            )
        table[column] = numbers
    return table[known]


def _check_widths(path: Path) -> None:
    """Of a row with a comma too many, pandas would take the first field for its name."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        for row in rows:
            if row and len(row) != len(header):
                raise UserError(
                    f"{path}, line {rows.line_num} has {len(row)} fields and the header "
                    f'{len(header)}; put names with commas in it in quotes, "so, so.mp4"'
                )


def official_videos(folder: Path, settings: OfficialSettings) -> pd.DataFrame:
    """The videos that a benchmark's own files put into one part of one fold.

    Returns
    -------
    Columns label (the benchmark's class) and stem (the file's name without its suffix).

    Raises
    ------
    UserError if a file is missing, or says something that its format does not allow.
    """
    read = _ucf101 if settings.layout == "ucf101" else _hmdb51
    rows = pd.DataFrame(list(read(folder, settings)), columns=["label", "stem"])
    if rows.empty:
        raise UserError(f"{folder}: fold {settings.fold} has no videos for {settings.part}")
    twice = rows[rows.duplicated()]
    if len(twice):
        raise UserError(
            f"{folder}: fold {settings.fold} names {'/'.join(twice.iloc[0])} twice in "
            f"{settings.part}"
        )
    return rows


def official_files(folder: Path, settings: OfficialSettings) -> list[Path]:
    """The files that one part of one fold is read from; of HMDB-51 those that are there."""
    if settings.layout == "ucf101":
        part = f"{settings.part}list{settings.fold:02d}.txt"
        return [folder / "classInd.txt", folder / part]
    return sorted(folder.glob(f"*_test_split{settings.fold}.txt"))


def _ucf101(folder: Path, settings: OfficialSettings) -> Iterator[tuple[str, str]]:
    numbers = {}
    names, videos = official_files(folder, settings)
    for line, words in _lines(names):
        if len(words) != 2 or not words[0].isdigit():
            raise UserError(f"{line} is not `number class`")
        numbers[words[1]] = words[0]
    for line, words in _lines(videos):
        label, _, name = words[0].partition("/")
        if not name:
            raise UserError(f"{line} is not `class/video.avi`")
        if label not in numbers or (len(words) > 1 and words[1] != numbers[label]):
            raise UserError(f"{line} does not agree with classInd.txt about class {label!r}")
        yield label, Path(name).stem


def _hmdb51(folder: Path, settings: OfficialSettings) -> Iterator[tuple[str, str]]:
    ending = f"_test_split{settings.fold}.txt"
    files = official_files(folder, settings)
    if not files:
        raise UserError(
            f"{folder} has no files {{class}}{ending}; unpack the official splits there"
        )
    wanted = {"train": "1", "test": "2"}[settings.part]
    for path in files:
        for line, words in _lines(path):
            if len(words) != 2 or not re.fullmatch("[012]", words[1]):
                raise UserError(f"{line} is not `video.avi` and 0, 1 or 2")
            if words[1] == wanted:
                yield path.name.removesuffix(ending), Path(words[0]).stem


def _lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Lines that are not empty: where each stands, for messages, and its words."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; unpack the splits there") from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield f"{path}, line {number}: {line.strip()!r}", line.split()
