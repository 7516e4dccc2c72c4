"""One table per head, clusters x classes, and every figure that follows from it.

Letters in shapes: N clips, K clusters, C classes.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import gammaln, xlogy

NEGLIGIBLE = 1e-18  # probability below which a count adds nothing to an expectation


@dataclass(frozen=True)
class Scores:
    """Agreement of a clustering with classes; higher is better but for entropy.

    nmi : normalised mutual information, arithmetic mean, in [0, 1].
    ami : adjusted mutual information. ari : adjusted Rand index. Both 0 for chance, 1 at best.
    accuracy : share of clips right under the best one-to-one matching of clusters to classes
        (Hungarian); with more clusters than classes, the clusters left over count as wrong.
    entropy : of the classes in a cluster, in nats, mean over clusters that have clips.
    purity : share of the commonest class in a cluster, mean over clusters that have clips.
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
    classes, clusters : (N,) int64, from 0 on; one pass over them, whatever K and C.

    Returns
    -------
    (K', C') int64, without the clusters and classes that have no clip.

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
    """Every score of a (K, C) table of counts without empty rows and columns."""
    rows, columns = table.sum(1), table.sum(0)
    information, of_clusters, of_classes = _information(table, rows, columns)
    expected = expected_information(rows, columns)
    ceiling = (of_clusters + of_classes) / 2
    perfect = len(rows) == len(columns) == np.count_nonzero(table)
    adjusted = (information - expected) / max(ceiling - expected, np.finfo(float).eps)
    return Scores(ami=1.0 if perfect else float(adjusted), **plain_scores(table))


def plain_scores(table: np.ndarray) -> dict[str, float]:
    """The scores that need no expectation over random tables: all but `ami`."""
    share = table / table.sum(1, keepdims=True)
    return matching_scores(table) | {
        "entropy": float(-xlogy(share, share).sum(1).mean() + 0.0),
        "purity": float(share.max(1).mean()),
    }


def matching_scores(table: np.ndarray) -> dict[str, float]:
    """`nmi`, `ari` and `accuracy` of a (K, C) table, in which rows and columns may be empty."""
    rows, columns = table.sum(1), table.sum(0)
    information, of_clusters, of_classes = _information(table, rows, columns)
    ceiling = (of_clusters + of_classes) / 2
    return {
        "nmi": float(min(1.0, max(0.0, information / ceiling))) if ceiling > 0 else 1.0,
        "ari": _adjusted_rand(table, rows, columns),
        "accuracy": hungarian_accuracy(table),
    }


def hungarian_accuracy(table: np.ndarray) -> float:
    """Share of clips right under the best one-to-one matching; the table may be rectangular."""
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / table.sum())


def expected_information(rows: np.ndarray, columns: np.ndarray) -> float:
    """Mutual information, in nats, that two random clusterings of these sizes would have.

    The exact expectation over the hypergeometric model (Vinh, Epps and Bailey 2010, equation 24a).
    Each pair of sizes is summed outwards from its likeliest count, by the ratio of neighbouring
    probabilities, until nothing more is added: counts far from the mode have none to speak of.
    """
    total = float(rows.sum())
    sizes_a, many_a = np.unique(rows, return_counts=True)
    sizes_b, many_b = np.unique(columns, return_counts=True)
    a, b = (m.astype(np.float64).ravel() for m in np.meshgrid(sizes_a, sizes_b, indexing="ij"))
    weight = np.outer(many_a, many_b).ravel().astype(np.float64)
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
    """What a cell of this count adds to the mutual information, in nats."""
    gain: np.ndarray = xlogy(count / total, total * count / (a * b))
    return gain


def _information(
    table: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[float, float, float]:
    """Mutual information, and entropies of clusters and of classes, in nats."""
    total = float(rows.sum())

    def entropy(counts: np.ndarray) -> float:
        filled = counts[counts > 0].astype(np.float64)
        if len(filled) == 1:
            return 0.0  # rounding would leave a little, and a ratio of two littles
        return float(np.log(total) - (filled * np.log(filled)).sum() / total)

    entropies = [entropy(rows), entropy(columns)]
    joint = entropy(table)
    information = max(0.0, entropies[0] + entropies[1] - joint)
    if information < 1e-12:  # rounding of independent tables
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
