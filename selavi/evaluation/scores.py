"""Scores of a clustering against classes, all from one contingency table.

Letters in shapes: N clips, K clusters, C classes.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import gammaln, xlogy

NEGLIGIBLE = 1e-18  # probability of a count that does not change an expectation in float64


@dataclass(frozen=True)
class Scores:
    """Scores of a clustering; higher is better, except for entropy.

    Attributes
    ----------
    nmi : float
        Mutual information, normalised by the arithmetic mean of the entropies, in [0, 1].
    ami : float
        Adjusted mutual information: 0 for chance, at most 1.
    ari : float
        Adjusted Rand index: 0 for chance, at most 1.
    accuracy : float
        Fraction of clips that the best one-to-one matching of clusters to classes (Hungarian)
        classifies correctly; clips of unmatched clusters count as wrong.
    entropy : float
        Entropy of the classes in a cluster, in nats, unweighted mean over non-empty clusters.
    purity : float
        Fraction of the most frequent class in a cluster, unweighted mean over non-empty clusters.
    """

    nmi: float
    ami: float
    ari: float
    accuracy: float
    entropy: float
    purity: float


SCORES = tuple(field.name for field in fields(Scores))


def contingency_table(classes: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Count the clips of every cluster and class.

    Parameters
    ----------
    classes, clusters : numpy.ndarray
        (N,) int64, not negative.

    Returns
    -------
    numpy.ndarray
        (K', C') int64, without empty clusters and classes.

    Raises
    ------
    ValueError
        If the lengths differ or are 0.

    Examples
    --------
    >>> contingency_table(np.array([0, 0, 1, 1]), np.array([5, 5, 5, 2]))
    array([[0, 1],
           [2, 1]])
    """
    if len(classes) != len(clusters) or len(classes) == 0:
        raise ValueError(f"{len(classes)} classes for {len(clusters)} clusters; both need N > 0")
    width = int(classes.max()) + 1
    height = int(clusters.max()) + 1
    table = np.bincount(clusters * width + classes, minlength=height * width)
    table = table.reshape(height, width)
    return table[table.any(1)][:, table.any(0)]


def scores_of(table: np.ndarray) -> Scores:
    """Compute every score.

    Parameters
    ----------
    table : numpy.ndarray
        (K, C) int64 counts, without empty rows and columns.

    Returns
    -------
    Scores
        All scores.
    """
    rows, columns = table.sum(1), table.sum(0)
    information, of_clusters, of_classes = _information(table, rows, columns)
    expected = expected_information(rows, columns)
    ceiling = (of_clusters + of_classes) / 2
    perfect = len(rows) == len(columns) == np.count_nonzero(table)
    adjusted = (information - expected) / max(ceiling - expected, np.finfo(float).eps)
    return Scores(ami=1.0 if perfect else float(adjusted), **plain_scores(table))


def plain_scores(table: np.ndarray) -> dict[str, float]:
    """Compute all scores except `ami`, which needs an expectation over random tables.

    Parameters
    ----------
    table : numpy.ndarray
        (K, C) int64 counts, without empty rows and columns.

    Returns
    -------
    dict of str to float
        By name of the score.
    """
    p = table / table.sum(1, keepdims=True)
    return matching_scores(table) | {
        "entropy": float(-xlogy(p, p).sum(1).mean() + 0.0),
        "purity": float(p.max(1).mean()),
    }


def matching_scores(table: np.ndarray) -> dict[str, float]:
    """Compute `nmi`, `ari` and `accuracy`.

    Parameters
    ----------
    table : numpy.ndarray
        (K, C) int64 counts; rows and columns may be empty.

    Returns
    -------
    dict of str to float
        By name of the score.
    """
    rows, columns = table.sum(1), table.sum(0)
    information, of_clusters, of_classes = _information(table, rows, columns)
    ceiling = (of_clusters + of_classes) / 2
    return {
        "nmi": float(min(1.0, max(0.0, information / ceiling))) if ceiling > 0 else 1.0,
        "ari": _adjusted_rand(table, rows, columns),
        "accuracy": hungarian_accuracy(table),
    }


def hungarian_accuracy(table: np.ndarray) -> float:
    """Accuracy of the best one-to-one matching of clusters to classes.

    Parameters
    ----------
    table : numpy.ndarray
        (K, C) int64 counts.

    Returns
    -------
    float
        In [0, 1].
    """
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / table.sum())


def chance_nmi(table: np.ndarray) -> float:
    """NMI that random clusters of the same sizes are expected to have.

    Parameters
    ----------
    table : numpy.ndarray
        (K, C) int64 counts, without empty rows and columns.

    Returns
    -------
    float
        Expected mutual information over the mean of the entropies; 1 if both are 0.
    """
    rows, columns = table.sum(1), table.sum(0)
    _, of_clusters, of_classes = _information(table, rows, columns)
    ceiling = (of_clusters + of_classes) / 2
    return expected_information(rows, columns) / ceiling if ceiling > 0 else 1.0


def expected_information(rows: np.ndarray, columns: np.ndarray) -> float:
    """Expected mutual information of two random clusterings of given sizes.

    The exact expectation of the hypergeometric model (Vinh, Epps and Bailey 2010, equation 24a).
    For each pair of sizes, counts are summed outwards from the mode, by the ratio of neighbouring
    probabilities, until these are negligible.

    Parameters
    ----------
    rows, columns : numpy.ndarray
        (K,) and (C,) int64, sizes of the clusters, positive, of the same sum.

    Returns
    -------
    float
        In nats.
    """
    total = float(rows.sum())
    sizes_a, repeats_a = np.unique(rows, return_counts=True)
    sizes_b, repeats_b = np.unique(columns, return_counts=True)
    a, b = (m.astype(np.float64).ravel() for m in np.meshgrid(sizes_a, sizes_b, indexing="ij"))
    weight = np.outer(repeats_a, repeats_b).ravel().astype(np.float64)
    rest = total - a - b
    mode = np.clip(
        np.floor((a + 1) * (b + 1) / (total + 2)), np.maximum(0, -rest), np.minimum(a, b)
    )
    log_p = (
        gammaln(a + 1) + gammaln(b + 1) + gammaln(total - a + 1) + gammaln(total - b + 1)
        - gammaln(total + 1) - gammaln(mode + 1) - gammaln(a - mode + 1)
        - gammaln(b - mode + 1) - gammaln(rest + mode + 1)
    )  # fmt: skip
    at_mode = np.exp(log_p) * weight
    result = float((at_mode * _gain(mode, a, b, total)).sum())
    for step in (1, -1):
        count, p, a_, b_, rest_ = mode, at_mode, a, b, rest
        while len(p):
            if step > 0:
                p = p * (a_ - count) * (b_ - count) / ((count + 1) * (rest_ + count + 1))
            else:
                p = p * count * (rest_ + count) / ((a_ - count + 1) * (b_ - count + 1))
            live = p > NEGLIGIBLE
            count, p, a_, b_, rest_ = (x[live] for x in (count + step, p, a_, b_, rest_))
            result += float((p * _gain(count, a_, b_, total)).sum())
    return result


def _gain(count: np.ndarray, a: np.ndarray, b: np.ndarray, total: float) -> np.ndarray:
    """Contribution of a cell of this count to the mutual information, in nats."""
    gain: np.ndarray = xlogy(count / total, total * count / (a * b))
    return gain


def _information(
    table: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[float, float, float]:
    """Mutual information, and entropies of clusters and of classes, in nats."""
    total = float(rows.sum())

    def entropy(counts: np.ndarray) -> float:
        nonzero = counts[counts > 0].astype(np.float64)
        if len(nonzero) == 1:
            return 0.0  # exactly: NMI divides by it
        return float(np.log(total) - (nonzero * np.log(nonzero)).sum() / total)

    entropies = [entropy(rows), entropy(columns)]
    joint = entropy(table)
    information = max(0.0, entropies[0] + entropies[1] - joint)
    if information < 1e-12:  # rounding error of an independent table
        information = 0.0
    return information, max(0.0, entropies[0]), max(0.0, entropies[1])


def _adjusted_rand(table: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    """Agreement over pairs of clips, corrected for chance (Hubert and Arabie 1985)."""

    def pairs(counts: np.ndarray) -> float:
        return float((counts.astype(np.float64) * (counts - 1)).sum() / 2)

    both, in_rows, in_columns = pairs(table), pairs(rows), pairs(columns)
    every = pairs(rows.sum(keepdims=True))
    expected = in_rows * in_columns / every if every else 0.0
    ceiling = (in_rows + in_columns) / 2
    return (both - expected) / (ceiling - expected) if ceiling != expected else 1.0
