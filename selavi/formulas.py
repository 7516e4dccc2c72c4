"""Guard CSV cells that a spreadsheet would run as a formula by an apostrophe.

Every cell reads back unchanged: one that begins with an apostrophe of its own gets a second if the
first could be mistaken for the guard.
"""

import os
import re
from collections.abc import Callable

import pandas as pd

RAW = "SELAVI_RAW_CSV"  # an environment variable: jobs inherit it, and no stage depends on it
# A spreadsheet that splits cells at one of these may ignore quotes, so a cell may begin after them.
_BREAK = r";\t\r\n"
_SPACE = r" \f\v\xa0"
_RUNS = r"=+\-@＝＋－＠"
# After a break the lookahead excludes further breaks: otherwise a cell of line breaks alone would
# take time quadratic in its length.
_START = (
    rf"(?:^(?=['{_SPACE}\t\r\n]*[{_RUNS}])|^(?='*[\t\r\n])"
    rf"|(?<=[{_BREAK}])(?=['{_SPACE}]*[{_RUNS}]))"
)
_HARMLESS = re.compile(r"-|[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?")  # dashes, numbers
_TO_GUARD = re.compile(_START)
_TO_DOUBLE = re.compile(rf"{_START}(?=')")
_GUARDED = re.compile(rf"{_START}'")
# A fast test of many cells at once, whether any may be guarded or need it.
_SEPARATOR = "\x1f"
_ANY = re.compile(
    rf"{_SEPARATOR}['{_SPACE}\t\r\n]*[{_RUNS}]|{_SEPARATOR}'*[\t\r\n]"
    rf"|[{_BREAK}]['{_SPACE}]*[{_RUNS}]",
)


def guard(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before all text that a spreadsheet would run; numbers stay numbers.

    With SELAVI_RAW_CSV in the environment, only text that `unguard` would misread is changed.
    """
    return _map_text(table, _double_cell if os.environ.get(RAW) else _guard_cell)


def unguard(table: pd.DataFrame) -> pd.DataFrame:
    """Undo `guard`."""
    return _map_text(table, unguarded)


def unguarded(cell: str) -> str:
    """Undo `guard` for one cell."""
    return _GUARDED.sub("", cell)


def _guard_cell(cell: str) -> str:
    return cell if _HARMLESS.fullmatch(cell) else _TO_GUARD.sub("'", cell)


def _double_cell(cell: str) -> str:
    return _TO_DOUBLE.sub("'", cell)


def _map_text(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Apply `change` to every text cell and column name."""
    table = table.set_axis([change(str(name)) for name in table.columns], axis=1)
    for position, column in enumerate(table.columns):
        cells = table.iloc[:, position]
        if pd.api.types.is_numeric_dtype(cells.dtype):
            continue
        texts = [cell for cell in cells if isinstance(cell, str)]
        if _ANY.search(_SEPARATOR + _SEPARATOR.join(texts)):
            new = [change(cell) if isinstance(cell, str) else cell for cell in cells]
            table = table.assign(**{column: pd.Series(new, index=table.index, dtype=cells.dtype)})
    return table
