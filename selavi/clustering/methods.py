"""Cluster rows: k-means, spectral clustering, Ward linkage, HDBSCAN; scikit-learn's, with defaults.

Letters in shapes: N clips, d features, K clusters, H heads (fits with different seeds).
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors

from selavi.clustering.laplacian import laplacian_embedding, neighbour_graph
from selavi.files import UserError
from selavi.progress import Bar
from selavi.settings import FeatureMethod

STARTS = 10  # of k-means, of which the best is taken
ONE_START_ABOVE = 50_000  # rows; each head is another start in any case
DENSE_WARD = 10_000  # rows; their distances are 0.4 GB
MOST_ROWS = {"hdbscan": 20_000}

Labels = np.ndarray
"""(N, H) int64, from 0."""


def cluster(method: FeatureMethod, rows: np.ndarray, clusters: int, seeds: Sequence[int]) -> Labels:
    """Cluster rows with several seeds.

    Parameters
    ----------
    method : {"kmeans", "spectral", "ward", "hdbscan"}
        kmeans: the best of 10 starts; of 1 for more than 50,000 rows. spectral: k-means on K
        eigenvectors of the graph of 10 nearest neighbours. ward: agglomerative, above 10,000 rows
        along that graph only. hdbscan: on the eigenvectors of spectral; it finds the number of
        clusters by itself, of which the K largest are kept, and the rows of the others, and those
        that it calls noise, join the nearest of them.
    rows : numpy.ndarray
        (N, d) float32.
    clusters : int
        K, at most N.
    seeds : sequence of int
        A seed per head. ward and hdbscan have no seed, and one head.

    Returns
    -------
    numpy.ndarray
        (N, H) int64.

    Raises
    ------
    UserError
        If there are fewer rows than clusters, or too many for the method.
    """
    if len(rows) < clusters:
        raise UserError(
            f"{len(rows)} clips cannot be put into {clusters} clusters; set network.clusters to at "
            f"most {len(rows)}, or add clips"
        )
    if problem := too_many(method, len(rows)):
        raise UserError(f"method: {problem}; use method: kmeans or selavi")
    return _METHODS[method](rows, clusters, seeds)


def too_many(method: FeatureMethod, clips: int) -> str:
    """Why a method cannot cluster so many clips, "" if it can."""
    most = MOST_ROWS.get(method, clips)
    return f"{method} takes at most {most:,} clips, not {clips:,}" if clips > most else ""


def kmeans(rows: np.ndarray, clusters: int, seed: int, starts: int = STARTS) -> np.ndarray:
    """Cluster rows by k-means, the best of several starts: (N,) int64."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than clusters
        labels = KMeans(clusters, n_init=starts, random_state=seed).fit_predict(rows)
    return labels.astype(np.int64)


def _kmeans(rows: np.ndarray, clusters: int, seeds: Sequence[int]) -> Labels:
    starts = STARTS if len(rows) <= ONE_START_ABOVE else 1
    fits = Bar(seeds, desc="k-means", unit="fit")
    return np.stack([kmeans(rows, clusters, seed, starts) for seed in fits], 1)


def _spectral(rows: np.ndarray, clusters: int, seeds: Sequence[int]) -> Labels:
    return _kmeans(laplacian_embedding(rows, clusters), clusters, seeds)


def _ward(rows: np.ndarray, clusters: int, seeds: Sequence[int]) -> Labels:
    graph = neighbour_graph(rows) if len(rows) > DENSE_WARD else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a graph in several parts, which it joins
        labels = AgglomerativeClustering(clusters, connectivity=graph).fit_predict(rows)
    return labels.astype(np.int64)[:, None]


def _hdbscan(rows: np.ndarray, clusters: int, seeds: Sequence[int]) -> Labels:
    embedded = laplacian_embedding(rows, clusters)
    smallest = max(5, len(rows) // (10 * clusters))
    found = HDBSCAN(min_cluster_size=smallest, min_samples=5, copy=True).fit_predict(embedded)
    numbers, sizes = np.unique(found[found >= 0], return_counts=True)
    kept = numbers[np.argsort(-sizes, kind="stable")[:clusters]]
    if not len(kept):
        return np.zeros((len(rows), 1), np.int64)
    places = np.full(found.max() + 2, -1)  # the last is of noise, -1
    places[kept] = np.arange(len(kept))
    labels = places[found]
    inside = labels >= 0
    if not inside.all():
        search = NearestNeighbors(n_neighbors=1).fit(embedded[inside])
        nearest = search.kneighbors(embedded[~inside], return_distance=False)[:, 0]
        labels[~inside] = labels[inside][nearest]
    return labels.astype(np.int64)[:, None]


_METHODS: dict[str, Callable[[np.ndarray, int, Sequence[int]], Labels]] = {
    "kmeans": _kmeans, "spectral": _spectral, "ward": _ward, "hdbscan": _hdbscan,
}  # fmt: skip
