"""A clustering on disk, and what it says of other clips."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import normalized_mutual_info_score as nmi

from selavi.clustering import fitted as fitted_module
from selavi.clustering.fitted import Fitted, fit, read_clustering
from selavi.clustering.votes import vote
from selavi.files import UserError
from selavi.settings import FeatureMethod, RunSettings
from tests.clustering.features import two_views


def fitted(method: FeatureMethod = "kmeans", spread: float = 0.3) -> Fitted:
    features, _, ids = two_views(spread=spread)
    return fit(method, features, ids, "l2_pca", 8, 4, [5, 6])


@pytest.mark.parametrize("method", ["kmeans", "ward", "spectral"])
def test_other_clips_join_the_clusters(method: FeatureMethod) -> None:
    clustering = fitted(method)
    features, group, ids = two_views(clips=60, seed=1)
    votes = clustering.predict(features, ids)
    assert list(votes) == ["video+audio", "video", "audio"]
    for of_modality in votes.values():
        assert nmi(group, of_modality.clusters[:, 0]) == pytest.approx(1)
        assert (of_modality.confidences == 1).all()
        assert (of_modality.margins == 1).all()


def test_fitted_clips_keep_their_clusters_in_any_order() -> None:
    clustering = fitted("ward", spread=1.5)
    features, _, ids = two_views(spread=1.5)
    order = np.random.default_rng(0).permutation(200)[:50]
    votes = clustering.predict({n: rows[order] for n, rows in features.items()}, ids[order])
    np.testing.assert_array_equal(votes["video+audio"].clusters, clustering.labels[order])
    assert (votes["video+audio"].confidences < 1).any()
    assert votes["video"].clusters.tolist() != clustering.labels[order].tolist()


def test_kmeans_predicts_the_nearest_centre() -> None:
    clustering = fitted(spread=1.5)
    features, _, ids = two_views(clips=60, spread=1.5, seed=1)
    rows = np.concatenate(
        [clustering.preparations[n].transform(features[n]) for n in ("video", "audio")], 1
    )
    fitted_features, _, _ = two_views(spread=1.5)
    gallery = np.concatenate(
        [clustering.preparations[n].transform(fitted_features[n]) for n in ("video", "audio")], 1
    )
    labels = clustering.labels[:, 1]
    centres = np.stack([gallery[labels == k].mean(0, dtype=np.float64) for k in range(4)])
    expected = np.linalg.norm(rows[:, None] - centres, axis=2).argmin(1)
    np.testing.assert_array_equal(
        clustering.predict(features, ids)["video+audio"].clusters[:, 1], expected
    )


def test_the_file_says_the_same(tmp_path: Path) -> None:
    clustering = fitted(spread=1.0)
    clustering.save(tmp_path / "clustering.pt", RunSettings(dataset="mine", seed=7))
    again, settings = read_clustering(tmp_path / "clustering.pt")
    assert (settings.dataset, settings.seed) == ("mine", 7)
    assert (again.method, again.clusters, again.head) == ("kmeans", 4, clustering.head)
    features, _, ids = two_views(clips=60, spread=1.0, seed=1)
    for modality, votes in clustering.predict(features, ids).items():
        read = again.predict(features, ids)[modality]
        np.testing.assert_array_equal(votes.clusters, read.clusters)
        np.testing.assert_array_equal(votes.confidences, read.confidences)


def test_another_file_and_other_features_are_errors(tmp_path: Path) -> None:
    torch.save({"format": "other"}, tmp_path / "clustering.pt")
    with pytest.raises(UserError, match=r"no clustering .* make it again"):
        read_clustering(tmp_path / "clustering.pt")
    features, _, ids = two_views()
    with pytest.raises(UserError, match=r"audio features have 3 numbers .* clustered 7; make both"):
        fitted().predict(features | {"audio": np.zeros((200, 3), np.float32)}, ids)


def test_one_modality() -> None:
    features, group, ids = two_views()
    clustering = fit("kmeans", {"audio": features["audio"]}, ids, "l2_pca", 8, 4, [0])
    votes = clustering.predict(features, ids)
    assert list(votes) == ["audio"]
    assert nmi(group, votes["audio"].clusters[:, 0]) == pytest.approx(1)


def test_of_many_clips_a_sample_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitted_module, "MOST_VOTERS", 50)
    clustering = fitted("ward")
    assert len(clustering.rows["video"]) == 50
    features, group, ids = two_views()
    kept = clustering.predict(features, ids)["video+audio"]
    np.testing.assert_array_equal(kept.clusters, clustering.labels)
    assert (kept.confidences == 1).mean() > 0.9
    others, group, ids = two_views(clips=60, seed=1)
    assert nmi(group, clustering.predict(others, ids)["audio"].clusters[:, 0]) == pytest.approx(1)


def test_votes_by_hand() -> None:
    gallery = np.array([[0.0], [1], [2], [10], [11]], np.float32)
    labels = np.array([[0], [0], [1], [1], [2]])
    votes = vote(gallery[:1], gallery, labels, own=np.array([0]))
    # Of 1, 2, 10 and 11 two say cluster 1.
    assert votes.clusters.tolist() == [[1]]
    assert votes.confidences.tolist() == [[0.5]]
    assert votes.margins.tolist() == [[0.25]]
    assert votes.second.tolist() == [[0]]
    kept = vote(gallery[:1], gallery, labels, np.array([0]), given=labels[:1])
    assert kept.clusters.tolist() == [[0]]
    assert kept.margins.tolist() == [[-0.25]]
    assert kept.second.tolist() == [[1]]
    alone = vote(gallery[:1], gallery, np.zeros((5, 1), int), own=np.array([0]))
    assert alone.second.tolist() == [[-1]]
    tied = vote(np.array([[10.4]], np.float32), gallery, labels, own=np.array([-1]))
    assert tied.clusters.tolist() == [[1]]  # two for 0 and two for 1, which is nearer


def test_ten_vote() -> None:
    gallery = np.arange(30, dtype=np.float32)[:, None]
    labels = np.arange(30)[:, None]
    for own in (0, -1):
        votes = vote(gallery[:1], gallery, labels, own=np.array([own]))
        assert votes.confidences.tolist() == [[pytest.approx(0.1)]]
