"""Tables of videos, as people and their spreadsheets write them."""

import difflib
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.schema import is_reserved
from selavi.data.text_files import Rows, read_text, split_rows
from selavi.files import UserError, in_words
from selavi.formulas import unguarded
from selavi.settings import TableColumns

log = logging.getLogger(__name__)

SUFFIX = "_table"  # as pandas tells columns of one name apart


def read_video_table(path: Path, columns: TableColumns | None = None) -> pd.DataFrame:
    """Read a table of videos: a CSV, or with semicolons or tabs, in any encoding of `read_text`.

    Empty rows are ignored, as are blanks around a label or a time. Apostrophes before formulas are
    removed, except those of paths, as in selavi's own tables; see `guard`.

    Parameters
    ----------
    path : Path
        The file.
    columns : TableColumns, optional
        Names of its columns, by default those of the roles.

    Returns
    -------
    DataFrame
        A row per row of the file. Columns `path` (as it is written), `label` ("" if the table has
        none), `start` and `end` (seconds, float; NaN for the video's own), then the table's further
        columns as text: those with a name that selavi uses itself end in `_table`.

    Raises
    ------
    UserError
        If the file cannot be read, a column is missing or may be misspelt, a row has no path or too
        many cells, or a time is not a number.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; set the split's `table` to your list") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    wanted = columns or TableColumns()
    separator, rows = split_rows(path, text, wanted.names["path"])
    if not rows:
        raise UserError(f"{path} is not a CSV file: it is empty")
    header = _header(path, rows)
    places = _places(path, header, wanted, columns is not None)
    table = _filled(path, header, rows[1:], places["path"], whole=text.endswith(("\n", "\r")))
    if not table:
        raise UserError(f"{path} names no videos; it needs a row for each below its header")
    result: dict[str, list[str] | pd.Series[float]] = {
        "path": [row[places["path"]] for _, row in table],
        "label": [cell.strip() for cell in _column(table, places.get("label"))],
    }
    for name in ("start", "end"):
        lines = [line for line, _ in table]
        cells = _column(table, places.get(name))
        result[name] = _seconds(path, name, lines, cells, comma=separator != ",")
    for name, place in _carried(path, header, places).items():
        result[name] = _column(table, place)
    return pd.DataFrame(result)


def _header(path: Path, rows: Rows) -> list[str]:
    """Names of the columns; as pandas has it, `Unnamed: 0` for one that has none and is filled."""
    names = [unguarded(name).strip() for name in rows[0][1]]
    for place, name in enumerate(names):
        if not name and any(row[place].strip() for _, row in rows[1:] if place < len(row)):
            names[place] = f"Unnamed: {place}"
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise UserError(f"{path} has two columns {twice[0]!r}; rename one of them")
    return names


def _places(path: Path, header: list[str], wanted: TableColumns, named: bool) -> dict[str, int]:
    """Where the columns are that are used."""
    places = {}
    for role, name in wanted.names.items():
        alike = [n for n, own in enumerate(header) if own.casefold() == name.casefold()]
        exact = [n for n in alike if header[n] == name]
        if exact or len(alike) == 1:
            places[role] = (exact or alike)[0]
        elif alike or role == "path" or getattr(wanted, role):
            raise UserError(_lacking(path, header, role, name))
    if not named:
        _check_spelling(path, header, places)
    return places


def _lacking(path: Path, header: list[str], role: str, name: str) -> str:
    close = difflib.get_close_matches(name, header, n=1)
    return (
        f"{path} has no column {name!r}; its columns: {in_words(filter(None, header))}; "
        f"name the one with each video's {role} in the split's `columns: {{{role}: NAME}}`"
        + (f": did you mean {close[0]!r}?" if close else "")
    )


def _check_spelling(path: Path, header: list[str], places: dict[str, int]) -> None:
    """A label that is misspelt would be carried along unused, and the classes be lost."""
    free = [name for n, name in enumerate(header) if name and n not in places.values()]
    for role in ("label", "start", "end"):
        for name in free:
            low = name.casefold()
            alike = difflib.SequenceMatcher(None, low, role).ratio() > 0.85
            if role not in places and (alike or sorted(low) == sorted(role)):
                raise UserError(
                    f"{path}: column {name!r}: did you mean {role!r}? If so, rename it, or write "
                    f"`columns: {{{role}: {name}}}` in the split; else `columns: {{path: "
                    f"{header[places['path']]}}}`, and it is carried along"
                )


def _filled(path: Path, header: list[str], rows: Rows, paths: int, whole: bool) -> Rows:
    """The rows as wide as the header: spreadsheets leave out, or add, empty cells at the end."""
    table = []
    for line, row in rows:
        if any(cell.strip() for cell in row[len(header) :]):
            raise UserError(
                f"{path}, line {line} has {len(row)} cells and the header {len(header)}; put "
                'names with a separator in them in quotes, "so, so.mp4"'
            )
        if len(row) < len(header) and line == rows[-1][0] and not whole:
            raise UserError(
                f"{path} breaks off in line {line}, which has {len(row)} cells and no end, and the "
                f"header {len(header)}; get the rest of the file, or complete the line"
            )
        cells = (row + [""] * len(header))[: len(header)]
        if not cells[paths].strip():
            raise UserError(
                f"{path}, line {line} has no {header[paths]}; fill it in, or remove the row"
            )
        table.append((line, cells))
    return table


def _column(table: Rows, place: int | None) -> list[str]:
    return ["" if place is None else unguarded(row[place]) for _, row in table]


def _seconds(
    path: Path, name: str, lines: list[int], cells: list[str], comma: bool
) -> "pd.Series[float]":
    texts = pd.Series([cell.strip() for cell in cells], dtype=str)
    numbers = texts.where(texts != "", "nan")
    if comma:  # the decimal sign where it does not separate cells
        numbers = numbers.str.replace(r"^([-+]?\d*),(\d+)$", r"\1.\2", regex=True)
    values = pd.to_numeric(numbers, errors="coerce").astype(float)
    wrong = (texts != "") & ~np.isfinite(values)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise UserError(f"{path}, line {lines[row]}: {name} = {texts[row]!r} is not in seconds")
    return values


def _carried(path: Path, header: list[str], places: dict[str, int]) -> dict[str, int]:
    """Where the further columns are, by the names that they get."""
    carried: dict[str, int] = {}
    for place, name in enumerate(header):
        if not name or place in places.values():
            continue
        new = f"{name}{SUFFIX}" if is_reserved(name) else name
        if new != name:
            log.info("%s: column %r is carried along as %r, as selavi has its own", path, name, new)
            if new in header:
                raise UserError(f"{path}: column {name!r} would become {new!r}; rename one of them")
        carried[new] = place
    return carried
