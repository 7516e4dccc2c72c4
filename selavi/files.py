"""Atomic writing, so that a file is whole or absent; CSV that preserves any text."""

import csv
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd

from selavi.disk import concerns, part_of, refusal
from selavi.formulas import guard, unguard, unguarded

PART_ROWS = 8192
LISTED, LONGEST = 12, 40  # names of columns in an error, and characters of each


class UserError(ValueError):
    """An error that the user can correct; its text says what is wrong and what to do."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` if the block succeeds.

    The temporary file is removed if the block fails. If the process is killed, the next one that
    writes `path` overwrites it.

    Raises
    ------
    UserError
        If the disk or file system refuses to write.
    """
    temporary = part_of(path)
    with explain_refusal(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as written:
                # After a power cut, too, a file with its final name must have its content.
                os.fsync(written.fileno())
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def explain_refusal(path: Path) -> Iterator[None]:
    """Turn the operating system's errors of writing `path` or its folders into UserError."""
    try:
        yield
    except OSError as error:
        if not concerns(error, path):
            raise
        folder = next((p for p in path.parents if str(p) == error.filename), None)
        raise UserError(refusal(error, folder or path)) from error


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV without its row index, atomically.

    Floats have six decimals. Text is always quoted, which preserves commas, quotes and line breaks,
    and guarded, so that no spreadsheet runs it as a formula; see `guard`.

    Raises
    ------
    UserError
        If the disk or file system refuses to write.
    """
    with atomic_path(path) as temporary:
        guard(table).to_csv(
            temporary,
            index=False,
            quoting=csv.QUOTE_NONNUMERIC,
            float_format="%.6f",
            lineterminator="\n",
        )


def read_csv(
    path: Path,
    text: tuple[str, ...] = (),
    needed: tuple[str, ...] = (),
    numbers: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """Read a CSV that `write_csv` wrote.

    Parameters
    ----------
    path : Path
        The file.
    text : tuple of str
        Columns that stay text even if they read "007" or "NA".
    needed : tuple of str
        Columns that the file must have.
    numbers : tuple of str, optional
        Columns that are numbers; all others are text, and `text` is ignored. For tables that may
        have users' own columns.

    Raises
    ------
    UserError
        If the file is missing, is not a valid CSV file, or lacks a column of `needed`.
    """
    with _explain_reading(path):
        header = pd.read_csv(path, nrows=0).columns
        if numbers is not None:
            text = tuple(column for column in header if column not in numbers)
        table = pd.read_csv(
            path,
            dtype=dict.fromkeys(text, "str"),
            keep_default_na=False,
            na_values={column: [""] for column in header if column not in text},
            low_memory=False,  # or pandas infers a type per chunk of a column
        )
        table = unguard(table)
    return _with_columns(table, path, needed)


def read_csv_as(
    path: Path, type_of: Callable[[str], str | None], needed: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Read some columns of a CSV that `write_csv` wrote, of which the types are known.

    A wide file is read in parts, so that it takes no more memory than its columns do.

    Parameters
    ----------
    path : Path
        The file.
    type_of : callable
        Type of a column by its name, such as "str" or "int16"; None leaves the column out.
    needed : tuple of str
        Columns that the file must have.

    Raises
    ------
    UserError
        If the file is missing, is not a valid CSV file, has a cell of another type, or lacks a
        column of `needed`.
    """
    with _explain_reading(path):
        header = [str(name) for name in pd.read_csv(path, nrows=0).columns]
        found = ((name, type_of(unguarded(name))) for name in header)
        types = {name: kind for name, kind in found if kind is not None}
        parts = pd.read_csv(
            path,
            usecols=list(types),
            dtype=types,
            keep_default_na=False,
            na_values={name: [""] for name, kind in types.items() if kind != "str"},
            chunksize=PART_ROWS,
        )
        table = unguard(pd.concat(parts, ignore_index=True))
    return _with_columns(table, path, needed)


@contextmanager
def _explain_reading(path: Path) -> Iterator[None]:
    """Turn the errors of reading a CSV into UserError."""
    if not path.exists():
        raise UserError(f"{path} does not exist; run the stage that writes it")
    try:
        yield
    except (ValueError, OverflowError, IsADirectoryError) as error:  # also pandas' own errors
        raise UserError(f"{path} is not a valid CSV file: {error}") from None
    except OSError as error:
        raise UserError(refusal(error, path, "read")) from None


def _with_columns(table: pd.DataFrame, path: Path, needed: tuple[str, ...]) -> pd.DataFrame:
    """The table that was read from `path`. Raises UserError if it lacks a column."""
    missing = [column for column in needed if column not in table]
    if missing:
        raise UserError(
            f"{path} has no column {missing[0]!r}; its columns: {in_words(table.columns)}"
        )
    return table


def in_words(columns: Iterable[str]) -> str:
    """The first names of columns for an error, as wide tables and other files have many."""
    names = [name if len(name) <= LONGEST else f"{name[:LONGEST]}..." for name in columns]
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def write_pickle(path: Path, content: dict[str, object]) -> None:
    """Pickle a dict of numpy and pandas objects, atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        pickle.dump(content, file, protocol=4)
