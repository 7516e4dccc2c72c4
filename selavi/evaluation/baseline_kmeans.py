"""k-means on features of the same clips, with every preparation of them."""

import logging
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans

from selavi.clustering.stability import agreement_of_parts, random_parts
from selavi.evaluation.baseline_features import Rows, for_kmeans
from selavi.evaluation.metrics import clustering_scores
from selavi.files import UserError
from selavi.models.network import JOINED
from selavi.models.preparation import PCA_KINDS, Preparation, PreparationKind

log = logging.getLogger(__name__)

STANDARDISE = "standardise"
"""A preparation besides those of `Preparation`: all features, each with mean 0 and standard
deviation 1."""


def kmeans_scores(
    features: Rows, labels: np.ndarray, clusters: int, seed: int, minibatch_above: int
) -> Iterator[dict[str, Any]]:
    """Score k-means on features, with every preparation.

    Parameters
    ----------
    features : dict of str to numpy.ndarray
        By modality: (n, D) float32.
    labels : numpy.ndarray
        (n,) names of classes, "" for none.
    clusters : int
        K.
    seed : int
        Seed of the starts.
    minibatch_above : int
        See `kmeans`.

    Yields
    ------
    dict of str to Any
        A row per modality and preparation: the scores; `agreement`, the mean adjusted mutual
        information of the clusters of random parts of the clips; `choice`, which is "agreement" for
        the preparation that has the highest of a modality, "oracle" for the one with the best NMI,
        which the classes select, "both" for one that is both, else "".

    Raises
    ------
    UserError
        If a value is not finite.
    """
    known = labels != ""
    by_kind: dict[str, Rows] = {STANDARDISE: for_kmeans(features)}
    for kind in PCA_KINDS:
        try:
            by_kind[kind] = _with_components(features, kind)
        except UserError as error:
            log.warning("no k-means with %s: %s", kind, error)
    for modality in by_kind[STANDARDISE]:
        rows = []
        for preparation, matrices in by_kind.items():
            matrix = matrices[modality]
            assigned = kmeans(matrix, min(clusters, len(matrix)), seed, minibatch_above)
            scores = asdict(clustering_scores(labels[known], assigned[known]))
            agreement = agreement_of_kmeans(matrix, clusters, seed)
            rows.append({"modality": modality, "preparation": preparation, "note": "", "choice": ""}
                        | scores | {"agreement": agreement})  # fmt: skip
        honest = max(rows, key=lambda row: row["agreement"])
        oracle = max(rows, key=lambda row: row["nmi"])
        honest["choice"], oracle["choice"] = "agreement", "oracle"
        if honest is oracle:
            honest["choice"] = "both"
        log.info(
            "%s: NMI %.3f with %s, selected by agreement; oracle: %.3f with %s", modality,
            honest["nmi"], honest["preparation"], oracle["nmi"], oracle["preparation"],
        )  # fmt: skip
        yield from rows


def _with_components(features: Rows, kind: PreparationKind) -> Rows:
    """Prepare the features of each modality; with two, both concatenated come first."""
    result = {
        modality: Preparation.fit(matrix, kind).transform(matrix)
        for modality, matrix in features.items()
    }
    if len(result) == 2:
        return {JOINED: np.concatenate(list(result.values()), 1)} | result
    return result


def agreement_of_kmeans(features: np.ndarray, clusters: int, seed: int) -> float:
    """How well the clusters of random parts of the clips agree, with one start each."""
    parts = random_parts(len(features), seed)
    count = min(clusters, len(parts[0]))
    return agreement_of_parts(
        [
            (part, KMeans(count, n_init=1, random_state=seed + n).fit_predict(features[part]))
            for n, part in enumerate(parts)
        ]
    )


def kmeans(
    features: np.ndarray, clusters: int, seed: int, minibatch_above: int = 50_000
) -> np.ndarray:
    """Cluster features by k-means, the best of 10 starts.

    Parameters
    ----------
    features : numpy.ndarray
        (N, D) float32.
    clusters : int
        K.
    seed : int
        Seed of the starts.
    minibatch_above : int
        For more rows, mini-batch k-means is used.

    Returns
    -------
    numpy.ndarray
        (N,) int, cluster of each row.
    """
    algorithm = MiniBatchKMeans if len(features) > minibatch_above else KMeans
    labels: np.ndarray = algorithm(clusters, n_init=10, random_state=seed).fit_predict(features)
    return labels
