"""Choose a method, a preparation and K without classes, by the stability of the clusters.

Each candidate clusters several random parts of the clips; the clusters of a stable one agree where
parts overlap (Ben-Hur, Elisseeff and Guyon, "A stability based method for discovering structure in
clustered data", 2002). A method may agree with itself and be wrong.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from selavi.clustering.methods import cluster, too_many
from selavi.files import UserError
from selavi.models.preparation import PreparationKind
from selavi.settings import FeatureMethod

log = logging.getLogger(__name__)

AUTO: tuple[FeatureMethod, ...] = ("kmeans", "spectral", "ward", "hdbscan")
PARTS = 4
SHARE = 0.8
LARGEST_PART = 10_000  # clips
LARGEST_CLUSTER = 0.8  # share of the clips, beyond which clusters are called collapsed
FEWEST_CLUSTERS = 0.5  # of those asked for


@dataclass(frozen=True)
class Candidate:
    """A method with a preparation and a number of clusters, and how stable these are.

    Attributes
    ----------
    method : str
        See `cluster`.
    preparation : str
        See `Preparation`.
    clusters : int
        K.
    agreement : float
        Mean adjusted mutual information between the clusters of two parts, over the clips of both.
    found : int
        Number of clusters of the first part.
    largest : float
        Share of the largest of them.
    seconds : float
        What clustering all parts took.
    note : str
        Why it is not chosen from, "" if it is.
    """

    method: FeatureMethod
    preparation: PreparationKind
    clusters: int
    agreement: float
    found: int
    largest: float
    seconds: float
    note: str


def choose(
    methods: Sequence[FeatureMethod],
    preparations: Sequence[PreparationKind],
    prepared: Callable[[PreparationKind], np.ndarray],
    clusters: Sequence[int],
    seed: int,
) -> list[Candidate]:
    """Judge every method with every preparation and every number of clusters.

    Parameters
    ----------
    methods, preparations : sequence of str
        The candidates, with each of `clusters`.
    prepared : callable
        By kind of preparation: rows (N, d) float32.
    clusters : sequence of int
        Values of K.
    seed : int
        Seed of the parts and the fits.

    Returns
    -------
    list of Candidate
        The chosen one first: of those without a note, the one with the highest agreement; of
        equal ones that with more clusters.

    Raises
    ------
    UserError
        If every candidate has a note.
    """
    candidates = []
    for kind in preparations:
        rows = prepared(kind)
        parts = random_parts(len(rows), seed)
        candidates += [
            _judge(method, kind, rows, parts, k, seed) for method in methods for k in clusters
        ]
    candidates.sort(key=lambda c: (c.note != "", -c.agreement, -c.clusters))
    for candidate in candidates:
        log.info(
            "%(method)s, %(preparation)s, K = %(clusters)d: agreement %(agreement).3f %(note)s",
            asdict(candidate),
        )
    if candidates[0].note:
        raise UserError(
            "no method finds clusters in these features; the best: "
            f"{candidates[0].method}, {candidates[0].preparation}: {candidates[0].note}. Name one "
            "with `method`, or use other features"
        )
    return candidates


def random_parts(clips: int, seed: int) -> list[np.ndarray]:
    """Random parts of the clips, of 80% of them each and at most 10,000: numbers in order."""
    size = min(LARGEST_PART, max(2, round(SHARE * clips)), clips)
    draw = np.random.default_rng(seed)
    return [np.sort(draw.choice(clips, size, replace=False)) for _ in range(PARTS)]


def agreement_of_parts(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean adjusted mutual information of two parts over the clips of both.

    Parameters
    ----------
    parts : iterable of (numpy.ndarray, numpy.ndarray)
        Numbers of clips, in order, and their clusters, of at least two parts.

    Returns
    -------
    float
        At most 1; 0 for what chance gives.
    """
    scores = []
    for (clips_a, labels_a), (clips_b, labels_b) in combinations(parts, 2):
        _, in_a, in_b = np.intersect1d(clips_a, clips_b, assume_unique=True, return_indices=True)
        scores.append(adjusted_mutual_info_score(labels_a[in_a], labels_b[in_b]))
    return float(np.mean(scores))


def _judge(
    method: FeatureMethod,
    kind: PreparationKind,
    rows: np.ndarray,
    parts: list[np.ndarray],
    clusters: int,
    seed: int,
) -> Candidate:
    start = time.monotonic()
    count = min(clusters, len(parts[0]))
    labels = [cluster(method, rows[part], count, [seed + n])[:, 0] for n, part in enumerate(parts)]
    agreement = agreement_of_parts(zip(parts, labels, strict=True))
    sizes = np.bincount(labels[0])
    found, largest = int((sizes > 0).sum()), float(sizes.max() / len(labels[0]))
    note = too_many(method, len(rows))
    if largest > LARGEST_CLUSTER:
        note = f"one cluster has {largest:.0%} of the clips"
    elif found < FEWEST_CLUSTERS * count:
        note = f"{found} clusters in place of {count}"
    seconds = round(time.monotonic() - start, 2)
    return Candidate(method, kind, clusters, agreement, found, largest, seconds, note)
