"""Atomic writing, so that a file is whole or absent; CSV that preserves any text."""

import csv
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
from pandas.errors import EmptyDataError, ParserError

from selavi.disk import concerns, part_of, refusal
from selavi.formulas import guard, unguard


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
    wanted: Callable[[str], bool] | None = None,
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
    wanted : callable, optional
        Whether a column is read, by its name; wide tables take long. By default all are.

    Raises
    ------
    UserError
        If the file is missing, is not a valid CSV file, or lacks a column of `needed`.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist; run the stage that writes it")
    try:
        names = map(str, pd.read_csv(path, nrows=0))
        header = [name for name in names if not wanted or wanted(name)]
        if numbers is not None:
            text = tuple(column for column in header if column not in numbers)
        table = pd.read_csv(
            path,
            usecols=header,
            dtype=dict.fromkeys((name for name in text if name in header), "str"),
            keep_default_na=False,
            na_values={column: [""] for column in header if column not in text},
            low_memory=False,  # or pandas infers a type per chunk of a column
        )
    except (EmptyDataError, ParserError, UnicodeDecodeError, IsADirectoryError) as error:
        raise UserError(f"{path} is not a valid CSV file: {error}") from None
    except OSError as error:
        raise UserError(refusal(error, path, "read")) from None
    table = unguard(table)
    missing = [column for column in needed if column not in table]
    if missing:
        raise UserError(
            f"{path} has no column {missing[0]!r}; its columns: {', '.join(table.columns)}"
        )
    return table


def write_pickle(path: Path, content: dict[str, object]) -> None:
    """Pickle a dict of numpy and pandas objects, atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        pickle.dump(content, file, protocol=4)
