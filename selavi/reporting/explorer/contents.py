"""Content of a page: a column per fact of the clips, and a table of the clusters."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from selavi.label.corrections import apply_corrections, names_of
from selavi.label.corrections_file import Corrections
from selavi.reporting.explorer.views import View, agreement_of_heads

CLASSES = 3
"""Classes of a cluster that the table lists."""


def columns_of(
    table: pd.DataFrame,
    views: list[View],
    selected: int,
    stored: np.ndarray,
    pictured: np.ndarray,
) -> dict[str, Any]:
    """The columns of a page.

    Parameters
    ----------
    table : DataFrame
        N clips, see `Page`.
    views : list of View
        Their clusters.
    selected : int
        Position of the view to show first.
    stored : numpy.ndarray
        (M,) positions of the clips that have files.
    pictured : numpy.ndarray
        Positions of those that have a picture only.

    Returns
    -------
    dict
        Name -> values, as `write_column` takes them: `cluster-V` and `margin-V` of view V; `class`,
        positions in the sorted list of classes, -1 for none; `media`, 0 for nothing, 1 for a
        picture, 2 for a picture and a clip; `ids` (N, 8), their bytes; `keys`; `paths`; and, if
        known, `split`, `times` (start and end, NaN for whole files), `second`, `repeats` (of a clip
        that repeats another, its place -> the place of that one) and `heads` (share of the other
        heads that agree, times 255).
    """
    classes = sorted(set(table["label"]) - {""})
    places = {"": -1} | {name: place for place, name in enumerate(classes)}
    media = np.zeros(len(table), np.uint8)
    media[stored], media[pictured] = 2, 1
    columns: dict[str, Any] = {
        "class": table["label"].map(places).to_numpy(np.int16),
        "media": media,
        "ids": np.frombuffer(bytes.fromhex("".join(table["id"])), np.uint8).reshape(-1, 8),
        "keys": table["key"].tolist(),
        "paths": _paths(table["path"].tolist()),
    }
    for number, view in enumerate(views):
        columns[f"cluster-{number}"] = view.assigned
        if view.margins is not None:
            columns[f"margin-{number}"] = view.margins
    if "split" in table and table["split"].nunique() > 1:
        columns["split"] = table["split"].to_numpy(np.uint8)
    if "start" in table and table["start"].notna().any():
        columns["times"] = table[["start", "end"]].to_numpy(np.float32)
    if "second" in table:
        columns["second"] = table["second"].fillna(-1).to_numpy(np.int16)
    if "repeats" in table:
        repeats = enumerate(table["repeats"].tolist())
        columns["repeats"] = {str(row): first for row, first in repeats if first >= 0}
    heads = agreement_of_heads(views, selected)
    if heads is not None:
        columns["heads"] = heads
    return columns


def _paths(paths: list[str]) -> dict[str, Any]:
    """The part that all paths share up to a slash, and the rest of each."""
    first, last = min(paths), max(paths)  # which differ at least as soon as any other two
    differ = (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    prefix = first[: first.rfind("/", 0, next(differ, len(first))) + 1]
    return {"prefix": prefix, "rest": [path[len(prefix) :] for path in paths]}


def corrected(
    table: pd.DataFrame, view: View, names: dict[int, str], corrections: Corrections | None
) -> tuple[pd.DataFrame, View, dict[int, str]]:
    """The clips that have a cluster after corrections, their clusters, and the names of these."""
    if corrections is None:
        return table, view, names
    after = apply_corrections(corrections, table["id"], view.assigned)
    kept = after.cluster >= 0
    clusters = after.cluster[kept].astype(np.int16)
    margins = None if view.margins is None else view.margins[kept]
    view = replace(view, clusters=corrections.count, assigned=clusters, margins=margins)
    return table[kept], view, names | names_of(corrections)


def cluster_table(table: pd.DataFrame, view: View, names: dict[int, str]) -> list[dict[str, Any]]:
    """A row per cluster with clips, for browsers without JavaScript and for paper.

    Returns
    -------
    list of dict
        With `number`, `name`, `size`; `margin`, a mean from 0 to 1, None if unknown; `classes`,
        (class, number of clips), commonest first; and `purity`, the share of the commonest class
        among the clips that have one, None if none has.
    """
    labels = table["label"].to_numpy(object)
    rows = []
    order = np.argsort(view.assigned, kind="stable")
    sizes = np.bincount(view.assigned, minlength=view.clusters)
    for number, places in enumerate(np.split(order, np.cumsum(sizes)[:-1])):
        if not len(places):
            continue
        counts = pd.Series(labels[places])[labels[places] != ""].value_counts()
        counts = counts.sort_index().sort_values(ascending=False, kind="stable")
        margin = None if view.margins is None else float(view.margins[places].mean() / 255)
        rows.append(
            {
                "number": number,
                "name": names.get(number, ""),
                "size": len(places),
                "margin": margin,
                "classes": [(str(name), int(count)) for name, count in counts.items()],
                "purity": float(counts.iloc[0] / counts.sum()) if len(counts) else None,
            }
        )
    return rows
