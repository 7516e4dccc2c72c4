"""Given features on their way to the heads."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler, normalize

from selavi.files import UserError
from selavi.models import preparation
from selavi.models.preparation import PCA_KINDS, Preparation, PreparationKind


def features(rows: int = 300, columns: int = 20, seed: int = 0) -> np.ndarray:
    """Correlated columns of different scales and means."""
    draw = np.random.default_rng(seed)
    hidden = draw.normal(size=(rows, 5)) * [5, 4, 3, 2, 1]
    mixed = hidden @ draw.normal(size=(5, columns)) + 0.1 * draw.normal(size=(rows, columns))
    scaled: np.ndarray = mixed * draw.uniform(0.01, 100, columns) + draw.normal(size=columns) * 50
    return scaled.astype(np.float32)


def by_scikit_learn(rows: np.ndarray, kind: PreparationKind, dims: int) -> np.ndarray:
    scaled = normalize(rows) if kind == "l2_pca" else StandardScaler().fit_transform(rows)
    result: np.ndarray = PCA(dims, svd_solver="full").fit_transform(scaled.astype(np.float64))
    return result / np.sqrt((result**2).mean())


def distances(rows: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.linalg.norm(rows[:50, None] - rows[None], axis=-1)
    return result


@pytest.mark.parametrize("kind", PCA_KINDS)
@pytest.mark.parametrize("exact", [True, False], ids=["covariance", "sample"])
def test_components_are_those_of_scikit_learn(
    kind: PreparationKind, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exact:
        monkeypatch.setattr(preparation, "EXACT", 5)
    rows = features()
    prepared = Preparation.fit(rows, kind, 4).transform(rows)
    expected = by_scikit_learn(rows, kind, 4)
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(np.abs(prepared), np.abs(expected), atol=2e-3)


@pytest.mark.parametrize("kind", PCA_KINDS)
def test_with_all_components_distances_stay(kind: PreparationKind) -> None:
    rows = features()
    prepared = Preparation.fit(rows, kind, 1000).transform(rows)
    assert prepared.shape == (300, 20)
    expected = by_scikit_learn(rows, kind, 20)
    np.testing.assert_allclose(distances(prepared), distances(expected), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["none", *PCA_KINDS])
def test_the_output_has_a_mean_square_of_one(kind: PreparationKind) -> None:
    rows = features()
    fitted = Preparation.fit(rows, kind, 8)
    assert fitted.features == (20 if kind == "none" else 8)
    assert np.square(fitted.transform(rows)).mean() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("kind", ["none", *PCA_KINDS])
def test_blocks_and_memory_maps_change_nothing(
    kind: PreparationKind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = np.sort(features(), axis=0)  # the first rows are far from the mean
    whole = Preparation.fit(rows, kind, 6).transform(rows)
    monkeypatch.setattr(preparation, "BLOCK", 7 * 20)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    np.testing.assert_allclose(Preparation.fit(mapped, kind, 6).transform(mapped), whole, atol=1e-3)


def test_half_precision_is_read_as_such() -> None:
    rows = normalize(features()).astype(np.float16)
    prepared = Preparation.fit(rows, "standardise_pca", 4).transform(rows)
    np.testing.assert_array_equal(
        prepared,
        Preparation.fit(rows.astype(np.float32), "standardise_pca", 4).transform(rows),
    )


def test_scale_of_a_row_is_ignored_with_l2() -> None:
    rows = features()
    fitted = Preparation.fit(rows, "l2_pca", 4)
    factors = np.random.default_rng(1).uniform(0.1, 10, (len(rows), 1)).astype(np.float32)
    np.testing.assert_allclose(fitted.transform(rows * factors), fitted.transform(rows), atol=1e-3)


def test_constant_features_are_left_out() -> None:
    rows = features()
    padded = np.concatenate([rows, np.full((300, 1), 1234.567, np.float32)], 1)
    fitted = Preparation.fit(padded, "standardise_pca", 4)
    plain = Preparation.fit(rows, "standardise_pca", 4).transform(rows)
    np.testing.assert_allclose(fitted.transform(padded), plain, atol=1e-3)
    padded[:, -1] = -1e6  # in another split
    np.testing.assert_allclose(fitted.transform(padded), plain, atol=1e-3)


def test_fewer_rows_than_components() -> None:
    rows = features(rows=4)
    prepared = Preparation.fit(rows, "l2_pca", 10).transform(rows)
    assert prepared.shape == (4, 10)
    assert (prepared[:, 3:] == 0).all()  # 4 rows span 3 directions around their mean
    assert np.square(prepared).mean() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("kind", ["none", *PCA_KINDS])
def test_the_state_is_loaded_into_an_unfitted_one(kind: PreparationKind) -> None:
    rows = features()
    fitted = Preparation.fit(rows, kind, 4)
    fresh = Preparation(kind, 20, 4)
    assert np.isnan(fresh.transform(rows)).all()
    fresh.load_state_dict(fitted.state_dict())
    np.testing.assert_array_equal(fresh.transform(rows), fitted.transform(rows))
    assert not list(fresh.parameters())


def test_autocast_does_not_round_the_output() -> None:
    rows = torch.from_numpy(features())
    fitted = Preparation.fit(rows.numpy(), "l2_pca", 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(fitted(rows), torch.from_numpy(fitted.transform(rows.numpy())))


@pytest.mark.parametrize("kind", PCA_KINDS)
def test_rows_that_are_all_the_same_are_an_error(kind: PreparationKind) -> None:
    rows = np.tile(features(1), (50, 1))
    with pytest.raises(UserError, match="of all clips are the same"):
        Preparation.fit(rows, kind, 4)
    with pytest.raises(UserError, match="no features to prepare"):
        Preparation.fit(rows[:0], kind, 4)
