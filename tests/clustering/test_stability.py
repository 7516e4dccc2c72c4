"""The choice among methods and preparations, without classes."""

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score as nmi

from selavi.clustering.methods import cluster
from selavi.clustering.stability import agreement_of_parts, choose, random_parts
from selavi.files import UserError
from selavi.models.preparation import Preparation, PreparationKind
from tests.clustering.features import rings, two_views


def test_parts_are_compared_over_common_clips() -> None:
    a = (np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1]))
    b = (np.array([1, 2, 3, 9]), np.array([5, 2, 2, 5]))  # of 1, 2 and 3: the same
    assert agreement_of_parts([a, b]) == 1


def test_parts_are_random_and_bounded() -> None:
    parts = random_parts(100, seed=0)
    assert [len(part) for part in parts] == [80] * 4
    assert all((np.diff(part) > 0).all() for part in parts)
    assert len({tuple(part) for part in parts}) == 4
    assert len(random_parts(100_000, seed=0)[0]) == 10_000
    assert len(random_parts(2, seed=0)[0]) == 2


def test_the_method_that_fits_is_chosen() -> None:
    points, ring = rings()
    candidates = choose(["kmeans", "spectral"], ["none"], lambda kind: points, [2], seed=0)
    assert [c.method for c in candidates] == ["spectral", "kmeans"]
    assert candidates[0].agreement == pytest.approx(1)
    assert nmi(ring, cluster(candidates[0].method, points, 2, [0])[:, 0]) == pytest.approx(1)


def test_the_preparation_is_chosen() -> None:
    """One column of noise hides the groups, unless columns are standardised."""
    features, _, _ = two_views(spread=0.2)
    noise = 100 * np.random.default_rng(1).normal(size=(200, 1))
    rows = np.concatenate([features["video"], noise.astype(np.float32)], 1)

    def prepared(kind: PreparationKind) -> np.ndarray:
        return Preparation.fit(rows, kind, 128).transform(rows)

    candidates = choose(["kmeans"], ["l2_pca", "standardise_pca"], prepared, [4], seed=0)
    assert candidates[0].preparation == "standardise_pca"
    assert candidates[0].agreement > candidates[1].agreement


def test_one_large_cluster_is_stable_and_not_chosen() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    rows[:2] += 1000  # a cluster of their own in every part that has them
    with pytest.raises(UserError, match=r"no method finds clusters .*one cluster has 9\d% of"):
        choose(["ward", "kmeans"], ["none"], lambda kind: rows, [2], seed=0)


def test_the_number_of_clusters_is_chosen() -> None:
    features, _, _ = two_views(groups=5, clips=300)
    candidates = choose(
        ["kmeans"], ["none"], lambda kind: features["video"], [3, 4, 5, 7, 9], seed=0
    )
    assert candidates[0].clusters == 5
