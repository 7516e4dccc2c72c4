"""Convert between rows as dicts and data frames."""

from typing import Any

import pandas as pd


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as dicts."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def frame(
    rows: list[dict[str, Any]], keys: list[str], measures: list[str], empty_note: str
) -> pd.DataFrame:
    """Make a table of rows.

    Parameters
    ----------
    rows : list of dict
        The rows.
    keys : list of str
        Text columns, which come first; missing text becomes "".
    measures : list of str
        Columns of numbers, which come next.
    empty_note : str
        Note of the only row if there are no rows.
    """
    rows = rows or [{"note": empty_note}]
    table = pd.DataFrame(rows)
    others = [c for c in table.columns if c not in (*keys, *measures, "note")]
    table = table.reindex(columns=[*keys, *measures, *others, "note"])
    text = [*keys, "note"]
    table[text] = table[text].astype(object).where(table[text].notna(), "")
    return table.astype(dict.fromkeys(measures, "float64"))
