"""The views of a page: clusters by each head, of each modality or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from selavi.data.schema import (
    cluster_counts,
    head_columns,
    heads_by_modality,
    number_of_clusters,
)


@dataclass(frozen=True)
class View:
    """Clusters of N clips by one head.

    Attributes
    ----------
    modality : str
        "video+audio", "video" or "audio".
    head : int or None
        Number of the head; None if it is unknown.
    clusters : int
        K.
    assigned : numpy.ndarray
        (N,) int16, the cluster of each clip.
    margins : numpy.ndarray or None
        (N,) uint8, probability of the cluster minus that of the next one, times 255.
    """

    modality: str
    head: int | None
    clusters: int
    assigned: np.ndarray
    margins: np.ndarray | None

    def facts(self) -> dict[str, Any]:
        """Its facts in the JSON of the page."""
        return {"modality": self.modality, "head": self.head, "clusters": self.clusters}


def views_of(table: pd.DataFrame, known: int | None = None) -> tuple[list[View], int]:
    """All views of a table of assignments, and the position of the selected one.

    Parameters
    ----------
    table : DataFrame
        Assignments; every clip has a cluster.
    known : int, optional
        K of the selected head, see `number_of_clusters`.

    Returns
    -------
    views : list of View
        By modality, the joint one first, then by head; at least one.
    selected : int
        Position of the view with the clusters of the column `cluster`.
    """
    clusters = number_of_clusters(table, known)
    counts = cluster_counts(table)
    head = int(table["head"].iloc[0]) if "head" in table else None
    views: list[View] = []
    selected: int | None = None
    found = heads_by_modality(table)
    for modality in sorted(found, key=lambda name: ("+" not in name, -len(name))):
        for column in found[modality]:
            number = int(column.rpartition("_head")[2])
            margin = head_columns(modality, number)[2]
            margins = shares(table[margin]) if margin in table else None
            assigned = table[column].to_numpy(np.int16)
            if selected is None and number == (0 if head is None else head):
                selected = len(views)
                assigned = table["cluster"].to_numpy(np.int16)
            views.append(
                View(modality, number, counts[number] if counts else clusters, assigned, margins)
            )
    if selected is None:
        margins = shares(table["margin"]) if "margin" in table else None
        given = View("video+audio", head, clusters, table["cluster"].to_numpy(np.int16), margins)
        return [given, *views], 0
    return views, selected


def shares(values: pd.Series) -> np.ndarray:
    """Values from 0 to 1 as uint8."""
    return np.nan_to_num(values.to_numpy(float).clip(0, 1) * 255).round().astype(np.uint8)


def agreement_of_heads(views: Sequence[View], selected: int) -> np.ndarray | None:
    """Of each clip, the share of the other heads that agree with the selected one.

    Heads number their clusters differently: those of each head are matched to the selected head's
    so that most clips agree (Hungarian method).

    Parameters
    ----------
    views : sequence of View
        All views of N clips.
    selected : int
        Position of the view to agree with.

    Returns
    -------
    numpy.ndarray or None
        (N,) uint8, the share times 255; None if no other head has the same modality and K.
    """
    view = views[selected]
    others = [
        other
        for place, other in enumerate(views)
        if place != selected and (other.modality, other.clusters) == (view.modality, view.clusters)
    ]
    if not others:
        return None
    agreed = [
        agreeing(other.assigned, view.assigned, other.clusters, view.clusters) for other in others
    ]
    return (np.sum(agreed, axis=0) * 255 / len(others)).round().astype(np.uint8)


def agreeing(theirs: np.ndarray, ours: np.ndarray, count: int, clusters: int) -> np.ndarray:
    """Where two clusterings of N clips agree, after matching their clusters.

    Parameters
    ----------
    theirs : numpy.ndarray
        (N,) integers, clusters that are matched, one to one, so that most clips agree (Hungarian
        method). If there are more of them than of `ours`, some match none.
    ours : numpy.ndarray
        (N,) integers, the clusters they are matched to.
    count : int
        Number of clusters of `theirs`.
    clusters : int
        Number of clusters of `ours`.

    Returns
    -------
    numpy.ndarray
        (N,) bool.
    """
    together = np.zeros((count, clusters), np.int64)
    np.add.at(together, (theirs, ours), 1)
    match = np.full(count, -1)
    rows, columns = linear_sum_assignment(together, maximize=True)
    match[rows] = columns
    return match[theirs] == ours
