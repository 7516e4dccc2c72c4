"""Cells of a CSV that a spreadsheet would run as a formula, kept from it by an apostrophe.

A guarded cell reads back as it was, whatever it holds: a cell that begins with an apostrophe of its
own gets a second one where its first would be taken for the guard.
"""

import os
import re
from collections.abc import Callable

import pandas as pd

RAW = "SELAVI_RAW_CSV"  # the environment: jobs inherit it, and no stage depends on it
# Where a cell can begin: besides its start after what splits cells in other tables than ours, as
# a spreadsheet that takes ";" for the separator also minds no quotes.
_BREAK = r";\t\r\n"
_SPACE = r" \f\v\xa0"
_RUNS = r"=+\-@＝＋－＠"
# After a break the scan ends at the next one, which begins a cell itself: looked through again and
# again from each, a cell of line breaks alone would take time by its length squared.
_START = (
    rf"(?:^(?=['{_SPACE}\t\r\n]*[{_RUNS}])|^(?='*[\t\r\n])"
    rf"|(?<=[{_BREAK}])(?=['{_SPACE}]*[{_RUNS}]))"
)
_HARMLESS = re.compile(r"-|[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?")  # dashes, numbers
_TO_GUARD = re.compile(_START)
_TO_DOUBLE = re.compile(rf"{_START}(?=')")
_GUARDED = re.compile(rf"{_START}'")
# Of many cells at once, whether one may be guarded or in need of it.
_SEPARATOR = "\x1f"
_ANY = re.compile(
    rf"{_SEPARATOR}['{_SPACE}\t\r\n]*[{_RUNS}]|{_SEPARATOR}'*[\t\r\n]"
    rf"|[{_BREAK}]['{_SPACE}]*[{_RUNS}]",
)


def guard(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before whatever a spreadsheet would run; numbers stay numbers.

    With SELAVI_RAW_CSV in the environment only what would be misread by `unguard` is changed.
    """
    return _mapped(table, _doubled if os.environ.get(RAW) else _guarded)


def unguard(table: pd.DataFrame) -> pd.DataFrame:
    """What `guard` was given."""
    return _mapped(table, unguarded)


def unguarded(cell: str) -> str:
    """A cell as it was before `guard`."""
    return _GUARDED.sub("", cell)


def _guarded(cell: str) -> str:
    return cell if _HARMLESS.fullmatch(cell) else _TO_GUARD.sub("'", cell)


def _doubled(cell: str) -> str:
    return _TO_DOUBLE.sub("'", cell)


def _mapped(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """The table with every text changed, the names of its columns too."""
    table = table.set_axis([change(str(name)) for name in table.columns], axis=1)
    for place, column in enumerate(table.columns):
        cells = table.iloc[:, place]
        if pd.api.types.is_numeric_dtype(cells.dtype):
            continue
        texts = [cell for cell in cells if isinstance(cell, str)]
        if _ANY.search(_SEPARATOR + _SEPARATOR.join(texts)):
            new = [change(cell) if isinstance(cell, str) else cell for cell in cells]
            table = table.assign(**{column: pd.Series(new, index=table.index, dtype=cells.dtype)})
    return table
