import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selavi.labelling.sinkhorn.front import Way, sinkhorn
from tests.labelling.problems import LAMBDA, gaussian_shares, posteriors, trained


def textbook(score: np.ndarray, shares: np.ndarray, iterations: int) -> np.ndarray:
    """alpha = r / (M' beta), beta = c / (M alpha), in float64 on the row-scaled kernel."""
    kernel = np.exp(score - score.max(1, keepdims=True))
    alpha = np.ones(kernel.shape[1])
    for _ in range(iterations):
        beta = (1 / len(kernel)) / (kernel @ alpha)
        alpha = shares / (kernel.T @ beta)
    return (kernel * alpha).argmax(1)


def test_two_clips_that_both_prefer_one_cluster() -> None:
    # Clip 0 prefers cluster 0 by 3, clip 1 by 1; of two clusters of one clip each, clip 0 gets it.
    found = sinkhorn(torch.tensor([[3.0, 0.0], [1.0, 0.0]]), torch.tensor([0.5, 0.5]))
    assert found.labels.tolist() == [0, 1]


def test_flat_posteriors_keep_their_shape() -> None:
    found = sinkhorn(torch.zeros(6, 3), torch.tensor([0.2, 0.3, 0.5]))
    assert found.deviation < 1e-6
    # alpha is the log of the shares, up to a constant
    assert torch.allclose(found.alpha.softmax(0), torch.tensor([0.2, 0.3, 0.5]).double())


@pytest.mark.parametrize("sharpness", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_labels_are_those_of_the_textbook(sharpness: float, dtype: torch.dtype) -> None:
    score = posteriors(2000, 12, sharpness)
    shares = torch.linspace(1, 2, 12, dtype=torch.float64)
    shares /= shares.sum()
    found = sinkhorn(score.to(dtype), shares, tolerance=1e-4, max_iterations=20_000)
    expected = textbook(score.double().numpy(), shares.numpy(), 20_000)
    assert found.deviation <= 1e-4
    assert (found.labels.numpy() == expected).mean() >= 0.999


@settings(max_examples=20, deadline=None)
@given(
    clips=st.integers(3, 60),
    clusters=st.integers(2, 8),
    sharpness=st.floats(0, 6),
    seed=st.integers(0, 2**31),
)
def test_row_constants_change_nothing(
    clips: int, clusters: int, sharpness: float, seed: int
) -> None:
    score = posteriors(clips, clusters, sharpness, seed).double()
    shares = torch.full((clusters,), 1 / clusters)
    moved = score + torch.linspace(-500, 500, clips, dtype=torch.float64)[:, None]
    one, two = sinkhorn(score, shares), sinkhorn(moved, shares)
    assert torch.allclose(one.alpha, two.alpha, atol=1e-4)
    assert one.labels.tolist() == two.labels.tolist()


def test_masses_are_the_shares() -> None:
    score = posteriors(3000, 10, 2.0)
    shares = torch.rand(10, generator=torch.Generator().manual_seed(1)) + 0.5
    shares = shares / shares.sum()
    found = sinkhorn(score, shares, tolerance=1e-3)
    rows = (score.double() + found.alpha).softmax(1)  # rows of Q, times N
    assert torch.allclose(rows.mean(0), shares.double(), rtol=2e-3)


def test_posteriors_so_sure_that_plain_kernels_vanish() -> None:
    """Rows of p ** 10 underflow even in float64; labels must not fall to cluster 0."""
    truth = torch.arange(400) % 8
    log_p = torch.full((400, 8), -200.0)
    log_p[torch.arange(400), truth] = 0.0
    shifted = LAMBDA * (log_p - 300)  # as if both modalities found every cluster impossible
    assert float(shifted.double().exp().sum()) == 0.0
    found = sinkhorn(shifted, torch.full((8,), 1 / 8))
    assert found.labels.tolist() == truth.tolist()


def test_a_cluster_nobody_wants_still_gets_its_share() -> None:
    generator = torch.Generator().manual_seed(0)
    score = torch.randn(1000, 5, generator=generator)
    score[:, 4] -= 2000.0  # e ** -2000 is zero in every floating type
    found = sinkhorn(score, torch.full((5,), 0.2), tolerance=1e-3)
    assert found.deviation <= 1e-3
    assert int((found.labels == 4).sum()) == pytest.approx(200, abs=60)


def test_the_criterion_does_not_depend_on_size() -> None:
    iterations = [
        sinkhorn(posteriors(n, 10, 1.0, seed=n), torch.full((10,), 0.1)).iterations
        for n in (500, 5_000, 50_000)
    ]
    assert max(iterations) <= 2 * min(iterations) + 5


def test_the_cap_is_kept_and_the_deviation_told() -> None:
    found = sinkhorn(posteriors(500, 10, 4.0), torch.full((10,), 0.1), 1e-9, max_iterations=4)
    assert found.iterations == 4
    assert 1e-9 < found.deviation < math.inf


@pytest.mark.parametrize("sharpness", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("way", ["dense", "truncated"])
def test_float32_labels_are_those_of_float64(sharpness: float, way: Way) -> None:
    score, shares = trained(20_000, 100, sharpness), gaussian_shares(100)
    single = sinkhorn(score, shares, 1e-4, way=way)
    double = sinkhorn(score.double(), shares, 1e-4)
    assert max(single.deviation, double.deviation) <= 1e-4
    assert float((single.labels == double.labels).double().mean()) >= 0.999


def test_the_certificate_is_the_deviation_of_the_full_kernel() -> None:
    score, shares = trained(5_000, 100, 8.0), gaussian_shares(100)
    found = sinkhorn(score, shares, 1e-2)
    assert found.way == "truncated"
    assert found.kept < 0.15
    full = (score.double() + found.alpha).softmax(1)
    assert float((full.mean(0) / shares - 1).abs().max()) == pytest.approx(
        found.deviation, abs=1e-4
    )
    assert torch.equal(found.labels, (score + found.alpha.float()).argmax(1))


def test_flat_posteriors_go_on_dense() -> None:
    found = sinkhorn(trained(2_000, 100, 0.1), gaussian_shares(100))
    assert (found.way, found.kept) == ("dense", 1.0)


def test_late_posteriors_of_vggsound_come_to_rest_in_float32() -> None:
    """N = 170,752, K = 309: plain iterations need hundreds, and the cap is far below that."""
    score, shares = trained(170_752, 309, 8.0), gaussian_shares(309)
    found = sinkhorn(score, shares, 1e-3, max_iterations=60)
    assert found.deviation <= 1e-3
    counts = found.labels.bincount(minlength=309) / len(score)
    assert torch.allclose(counts.double(), shares, rtol=0.05)


@pytest.mark.parametrize("lambda_", [20.0, 60.0, 200.0])
def test_sharp_kernels_come_to_rest(lambda_: float) -> None:
    """800 clips and 10 clusters, as in the demo: nearly every row has one entry that counts."""
    score = trained(800, 10, 3.0) * (lambda_ / LAMBDA)
    for shares in (gaussian_shares(10), gaussian_shares(10, 0.5)):
        found = sinkhorn(score, shares, 1e-2, max_iterations=300)
        assert found.deviation <= 1e-2
        counts = found.labels.bincount(minlength=10)
        assert torch.allclose(counts.double(), 800 * shares, rtol=0.15, atol=5)


@pytest.mark.parametrize(
    ("way", "dtype"),
    [("dense", torch.float32), ("dense", torch.float64), ("truncated", torch.float32)],
)
def test_two_clusters_of_any_sizes(way: Way, dtype: torch.dtype) -> None:
    score = posteriors(3000, 2, 3.0).to(dtype)
    found = sinkhorn(score, torch.tensor([0.9, 0.1]), 1e-3, way=way)
    assert found.deviation <= 1e-3
    assert found.labels.bincount().tolist() == pytest.approx([2700, 300], abs=5)


@pytest.mark.parametrize("way", ["dense", "truncated"])
def test_minus_infinity_is_a_score(way: Way) -> None:
    score = posteriors(1000, 5, 1.0)
    shares = torch.full((5,), 0.2)
    barred = score.clone()
    barred[::3, 2] = -torch.inf
    found = sinkhorn(barred, shares, 1e-3, way=way)
    assert found.deviation <= 1e-3
    assert not (found.labels[::3] == 2).any()


@pytest.mark.parametrize("way", ["dense", "truncated"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_scores_that_are_no_numbers_are_refused(way: Way, value: float) -> None:
    score = posteriors(1000, 5, 1.0)
    score[17, 3] = value
    with pytest.raises(ValueError, match="are not numbers"):
        sinkhorn(score, torch.full((5,), 0.2), way=way)
