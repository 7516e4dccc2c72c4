"""Carry the names of clusters over to those of another training."""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from selavi.label.names_file import assigned

LEAST = 1 / 3
"""A name is carried over if the new cluster has at least this share of the old one's clips."""


def carry_over(
    old: pd.DataFrame, new: pd.DataFrame, names: dict[int, str]
) -> tuple[dict[int, str], float]:
    """Give the names of old clusters to the new clusters that have most of their clips.

    Old and new clusters are matched one to one, so that as many clips as possible stay in their
    cluster: the assignment problem. Clips that only one table has are ignored.

    Parameters
    ----------
    old, new : DataFrame
        Clips with their `cluster`, as `assigned` takes it, known by `id` if both tables have
        it, else by `path`, `start` and `end`.
    names : dict of int to str
        Names of old clusters.

    Returns
    -------
    dict of int to str
        Names of new clusters. Those of old clusters whose clips went to many clusters are lost.
    float
        Share of the clips of both tables that are in matched clusters, 0 to 1; NaN if no clip is in
        both.
    """
    matches, agree = match_clusters(old, new)
    carried = {found: names[cluster] for cluster, found in matches.items() if cluster in names}
    return dict(sorted(carried.items())), agree


def match_clusters(old: pd.DataFrame, new: pd.DataFrame) -> tuple[dict[int, int], float]:
    """Find old clusters among new ones, by the clips that both tables have.

    Parameters
    ----------
    old, new : DataFrame
        As `carry_over` takes them.

    Returns
    -------
    dict of int to int
        Old cluster -> new one, that of the same number where another is no better. Those whose
        clips went to many clusters are left out.
    float
        As `carry_over` returns it.
    """
    keys = ["id"] if "id" in old and "id" in new else ["path", "start", "end"]
    pairs = _assigned(old, keys).merge(_assigned(new, keys), on=keys, suffixes=("_old", "_new"))
    if pairs.empty:
        return {}, float("nan")
    rows, before = np.unique(pairs["cluster_old"], return_inverse=True)
    columns, after = np.unique(pairs["cluster_new"], return_inverse=True)
    counts = np.zeros((len(rows), len(columns)), np.int64)  # (old, new) clips
    np.add.at(counts, (before, after), 1)
    worth = (len(rows) + 1) * counts + (rows[:, None] == columns)  # the number decides of equals
    matched = list(zip(*linear_sum_assignment(worth, maximize=True), strict=True))
    share = counts.sum(1)
    matches = {
        int(rows[r]): int(columns[c]) for r, c in matched if counts[r, c] >= LEAST * share[r]
    }
    agree = sum(int(counts[pair]) for pair in matched)
    return matches, agree / len(pairs)


def _assigned(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    kept = assigned(table)[[*keys, "cluster"]]
    times = {key: kept[key].astype(float).round(3) for key in keys if key in ("start", "end")}
    return kept.assign(**times).drop_duplicates(keys)
