"""Heads of several numbers of clusters: their tree, and what each number scores.

A level is a number of clusters; heads of a level have it.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.schema import cluster_counts, heads_by_modality, read_assignments
from selavi.evaluation.scores import contingency_table, plain_scores
from selavi.files import UserError
from selavi.models.head_selection import agreement, level_agreement


def read_levels(assignments: Path) -> tuple[pd.DataFrame, list[int]]:
    """Read assignments of heads of several numbers of clusters.

    Parameters
    ----------
    assignments : Path
        CSV of the stage assign.

    Returns
    -------
    table : DataFrame
        The clips that could be read.
    counts : list of int
        (H,) number of clusters of each head.

    Raises
    ------
    UserError
        If the heads do not differ in their number of clusters, or there are no clips.
    """
    table = read_assignments(assignments, needed=("cluster", "head", "label"))
    counts = cluster_counts(table)
    if counts is None:
        raise UserError(
            f"{assignments}: all heads have the same number of clusters; train with several, such "
            "as network.clusters: [8, 16, 32]"
        )
    table = table[table["cluster"] >= 0].reset_index(drop=True)
    if table.empty:
        raise UserError(f"{assignments} has no clip with a cluster; make it again")
    return table, counts


def level_scores(table: pd.DataFrame, counts: Sequence[int]) -> pd.DataFrame:
    """Score every number of clusters.

    Parameters
    ----------
    table : DataFrame
        Assignments of N clips, see `read_levels`.
    counts : sequence of int
        (H,) number of clusters of each head.

    Returns
    -------
    DataFrame
        A row per number of clusters, `clusters`: `head`, the one shown for it, which agrees best
        with the others of that number; `agreement`, the mean AMI of two heads' clusters; `nmi`, the
        mean NMI of its heads with the classes, NaN without any; `selected`, whether the run's
        clusters are of that number.
    """
    labels = labels_of(table)
    agreements = agreement(labels, counts)
    chosen = int(table["head"].iloc[0])
    agreements[chosen] = np.inf
    of_head = np.array(counts)
    known = (table["label"] != "").to_numpy()
    classes = pd.factorize(table.loc[known, "label"], sort=True)[0]
    rows = []
    for clusters, score in level_agreement(labels, counts).items():
        heads = np.flatnonzero(of_head == clusters)
        tables = [contingency_table(classes, labels[known, head]) for head in heads if known.any()]
        rows.append(
            {
                "clusters": clusters,
                "head": int(heads[agreements[heads].argmax()]),
                "agreement": score,
                "nmi": np.mean([plain_scores(t)["nmi"] for t in tables]) if tables else np.nan,
                "selected": clusters == of_head[chosen],
            }
        )
    return pd.DataFrame(rows)


def labels_of(table: pd.DataFrame) -> np.ndarray:
    """Clusters by all modalities together: (N, H) int64."""
    columns: np.ndarray = table[next(iter(heads_by_modality(table).values()))].to_numpy(np.int64)
    return columns


def tree(labels: np.ndarray, levels: Sequence[int]) -> pd.DataFrame:
    """Contingency between each number of clusters and the next larger one.

    Parameters
    ----------
    labels : numpy.ndarray
        (N, L) int64, clusters of the head of each level.
    levels : sequence of int
        (L,) numbers of clusters, ascending.

    Returns
    -------
    DataFrame
        A row per pair of clusters with common clips: `parent_level` and `parent`, `level` and
        `child`, `clips`, their number, and `share`, that of the child's clips; the largest share
        of a child first, ties by the parent's number.
    """
    tables = []
    for place, (above, below) in enumerate(pairwise(levels)):
        pairs = pd.DataFrame({"parent": labels[:, place], "child": labels[:, place + 1]})
        counts = pairs.value_counts().rename("clips").reset_index()
        counts["share"] = counts["clips"] / counts.groupby("child")["clips"].transform("sum")
        counts = counts.sort_values(["child", "clips", "parent"], ascending=[True, False, True])
        tables.append(counts.assign(parent_level=above, level=below))
    columns = ["parent_level", "parent", "level", "child", "clips", "share"]
    return pd.concat(tables, ignore_index=True)[columns]
