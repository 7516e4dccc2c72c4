"""Whole files or none: atomic writing, and CSV that brings back every name as it was."""

import csv
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
from pandas.errors import EmptyDataError, ParserError

from selavi.disk import concerns, part_of, refusal
from selavi.formulas import guard, unguard


class UserError(ValueError):
    """A mistake the person at the terminal can mend; its text says what and how."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it there if the block succeeds.

    Raises UserError as `explain_refusal`. The temporary file does not outlive the block; should the
    process be killed, the next one that writes `path` takes the same name.
    """
    temporary = part_of(path)
    with explain_refusal(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())  # the content before the name, also through a power cut
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def explain_refusal(path: Path) -> Iterator[None]:
    """Turn what the system says of writing `path` or its folders into UserError."""
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
    """Write `table` without its row index, atomically; floats with six decimals.

    Text is always quoted, so that commas, quotes and line breaks in file names come back whole, and
    guarded, so that no spreadsheet runs it as a formula; see `guard`.
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
    """Read a CSV as `write_csv` was given it.

    Parameters
    ----------
    text : columns that stay text even if they read "007" or "NA".
    needed : columns that must be there.
    numbers : given in place of `text` where users' own columns may be among the others: all but
        these are text.

    Raises
    ------
    UserError if the file is missing, is no CSV, or lacks one of the columns `needed`.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist; make it with the stage before this one")
    try:
        header = pd.read_csv(path, nrows=0).columns
        if numbers is not None:
            text = tuple(column for column in header if column not in numbers)
        table = pd.read_csv(
            path,
            dtype=dict.fromkeys(text, "str"),
            keep_default_na=False,
            na_values={column: [""] for column in header if column not in text},
            low_memory=False,  # one type for a column, not one for each part of it
        )
    except (EmptyDataError, ParserError, UnicodeDecodeError, IsADirectoryError) as error:
        raise UserError(f"{path} is no table of comma-separated values: {error}") from None
    except OSError as error:
        raise UserError(refusal(error, path, "read")) from None
    table = unguard(table)
    lacking = [column for column in needed if column not in table]
    if lacking:
        raise UserError(
            f"{path} has no column {lacking[0]!r}; its columns: {', '.join(table.columns)}"
        )
    return table


def write_pickle(path: Path, content: dict[str, object]) -> None:
    """Pickle a dict of numpy and pandas objects, atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        pickle.dump(content, file, protocol=4)
