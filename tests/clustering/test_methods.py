"""Methods of a practitioner on features."""

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering, SpectralClustering
from sklearn.metrics import normalized_mutual_info_score as nmi

from selavi.clustering import methods
from selavi.clustering.laplacian import laplacian_embedding, neighbour_graph
from selavi.clustering.methods import cluster
from selavi.files import UserError
from selavi.settings import FeatureMethod
from tests.clustering.features import rings, two_views

METHODS: list[FeatureMethod] = ["kmeans", "spectral", "ward", "hdbscan"]


@pytest.mark.parametrize("method", METHODS)
def test_groups_that_are_plainly_there_are_found(method: FeatureMethod) -> None:
    features, group, _ = two_views()
    labels = cluster(method, np.concatenate(list(features.values()), 1), 4, [0, 1, 2])
    assert labels.shape == (200, 3 if method in ("kmeans", "spectral") else 1)
    assert labels.dtype == np.int64
    assert all(nmi(group, head) == pytest.approx(1) for head in labels.T)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_clusters(method: FeatureMethod) -> None:
    features, _, _ = two_views(spread=1.5)
    rows = np.concatenate(list(features.values()), 1)
    np.testing.assert_array_equal(cluster(method, rows, 6, [3]), cluster(method, rows, 6, [3]))


def test_rings_are_found_along_neighbours_only() -> None:
    points, ring = rings()
    assert nmi(ring, cluster("spectral", points, 2, [0])[:, 0]) == pytest.approx(1)
    assert nmi(ring, cluster("kmeans", points, 2, [0])[:, 0]) < 0.5


def test_the_methods_are_those_of_scikit_learn() -> None:
    features, _, _ = two_views(spread=1.0)
    rows = features["video"]
    graph = neighbour_graph(rows)
    theirs = SpectralClustering(
        4, affinity="precomputed", random_state=0, assign_labels="kmeans", n_init=10
    ).fit_predict(graph)
    assert nmi(theirs, cluster("spectral", rows, 4, [0])[:, 0]) > 0.9
    ward = AgglomerativeClustering(4).fit_predict(rows)
    np.testing.assert_array_equal(cluster("ward", rows, 4, [0])[:, 0], ward)


def test_ward_of_many_rows_follows_the_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "DENSE_WARD", 100)
    features, group, _ = two_views()
    assert nmi(group, cluster("ward", features["video"], 4, [0])[:, 0]) == pytest.approx(1)


def test_hdbscan_has_at_most_k_clusters_and_no_noise() -> None:
    features, group, _ = two_views(groups=8, clips=400)
    labels = cluster("hdbscan", features["video"], 5, [0])[:, 0]
    assert set(labels) == set(range(5))
    assert nmi(group, labels) > 0.7


def test_eigenvectors_of_as_many_dims_as_rows() -> None:
    points, _ = rings(12)
    assert laplacian_embedding(points, 12).shape == (12, 12)


def test_fewer_clips_than_clusters_and_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    points, _ = rings(20)
    with pytest.raises(UserError, match="20 clips cannot be put into 21 clusters"):
        cluster("kmeans", points, 21, [0])
    monkeypatch.setattr(methods, "MOST_ROWS", {"hdbscan": 19})
    with pytest.raises(UserError, match="hdbscan takes at most 19 clips, not 20; use method"):
        cluster("hdbscan", points, 2, [0])
