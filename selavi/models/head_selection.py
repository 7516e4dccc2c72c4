"""Select a head without classes: the one whose labels agree best with those of other heads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

MOST_COUNTED = 2**24
"""Cells of a table of counts that fit in memory: 128 MiB."""


@dataclass(frozen=True)
class Selection:
    """The selected head, and why.

    Attributes
    ----------
    head : int
        Its number.
    clusters : int
        Its number of clusters.
    agreements : numpy.ndarray
        (H,) see `agreement`.
    levels : dict of int to float
        By number of clusters, see `level_agreement`.
    """

    head: int
    clusters: int
    agreements: np.ndarray
    levels: dict[int, float]

    @property
    def level(self) -> int:
        """The place of the selected number of clusters among all, from 0."""
        return list(self.levels).index(self.clusters)

    def __str__(self) -> str:
        scores = ", ".join(f"{clusters}: {score:.3f}" for clusters, score in self.levels.items())
        return f"selected {self.clusters} clusters (mean AMI of two heads of each number: {scores})"


def select_head(labels: np.ndarray, counts: Sequence[int]) -> Selection:
    """Select a number of clusters, then a head that has it.

    Parameters
    ----------
    labels : numpy.ndarray
        (N, H) int; clips with a label of -1 are ignored.
    counts : sequence of int
        (H,) number of clusters of each head.

    Returns
    -------
    Selection
        Of the number with the highest `level_agreement`, the head with the highest `agreement`.
    """
    agreements = agreement(labels, counts)
    levels = level_agreement(labels, counts)
    chosen = max(levels, key=levels.__getitem__)
    head = int(np.where(np.array(counts) == chosen, agreements, -np.inf).argmax())
    return Selection(head, chosen, agreements, levels)


def agreement(labels: np.ndarray, counts: Sequence[int] | None = None) -> np.ndarray:
    """Mean NMI of each head's labels with those of the other heads of as many clusters.

    Parameters
    ----------
    labels : numpy.ndarray
        (N, H) int; clips with a label of -1 are ignored.
    counts : sequence of int, optional
        (H,) number of clusters of each head; without it, all have the same.

    Returns
    -------
    numpy.ndarray
        (H,) float64 in [0, 1]; 1 for a head that no other head has the number of clusters of.
    """
    labels = labels[(labels >= 0).all(1)]
    heads = labels.shape[1]
    same = np.equal.outer(*[np.zeros(heads) if counts is None else np.array(counts)] * 2)
    nmi = np.eye(heads)
    numbered = [np.unique(labels[:, head], return_inverse=True)[1] for head in range(heads)]
    entropies = [_entropy(clusters) for clusters in numbered]
    for a in range(heads):
        for b in np.flatnonzero(same[a, :a]):
            both = numbered[a] * (numbered[b].max(initial=0) + 1) + numbered[b]
            alone = entropies[a] + entropies[b]
            shared = max(0.0, alone - _entropy(both))  # rounding
            nmi[a, b] = nmi[b, a] = 2 * shared / alone if alone else 1.0
    others = same.sum(1) - 1
    return np.where(others > 0, (nmi.sum(1) - 1) / np.maximum(1, others), 1.0)


def _entropy(clusters: np.ndarray) -> float:
    """Entropy of clusters, in nats; scikit-learn's NMI sorts them, which takes 20 times as long."""
    if clusters.max(initial=0) < MOST_COUNTED:
        counts = np.bincount(clusters)
        counts = counts[counts > 0]
    else:
        counts = np.unique(clusters, return_counts=True)[1]
    shares = counts / max(1, len(clusters))
    return float(-(shares * np.log(shares)).sum())


def level_agreement(labels: np.ndarray, counts: Sequence[int]) -> dict[int, float]:
    """How much the heads of each number of clusters agree, corrected for chance.

    Parameters
    ----------
    labels : numpy.ndarray
        (N, H) int; clips with a label of -1 are ignored.
    counts : sequence of int
        (H,) number of clusters of each head.

    Returns
    -------
    dict of int to float
        By number of clusters: the mean adjusted mutual information of two heads; 1 of a single one.
    """
    labels = labels[(labels >= 0).all(1)]
    levels = {}
    for clusters in sorted(set(counts)):
        heads = [h for h, count in enumerate(counts) if count == clusters]
        pairs = [
            adjusted_mutual_info_score(labels[:, a], labels[:, b])
            for place, a in enumerate(heads)
            for b in heads[:place]
        ]
        levels[clusters] = float(np.mean(pairs)) if pairs else 1.0
    return levels
