"""Rows of a table, gathered as dicts."""

from typing import Any

import pandas as pd


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dicts."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def frame(
    rows: list[dict[str, Any]], keys: list[str], measures: list[str], nothing: str
) -> pd.DataFrame:
    """A table with these columns first, whatever the rows hold; text is never missing.

    nothing : the note of the only row, if there are none.
    """
    rows = rows or [{"note": nothing}]
    table = pd.DataFrame(rows)
    others = [c for c in table.columns if c not in (*keys, *measures, "note")]
    table = table.reindex(columns=[*keys, *measures, *others, "note"])
    words = [*keys, "note"]
    table[words] = table[words].astype(object).where(table[words].notna(), "")
    return table.astype(dict.fromkeys(measures, "float64"))
