import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selavi.labelling.sinkhorn import Solver, sinkhorn
from tests.labelling.problems import LAMBDA, gaussian_shares, posteriors, trained


def textbook(log_kernel: np.ndarray, marginals: np.ndarray, iterations: int) -> np.ndarray:
    """alpha = r / (M' beta), beta = c / (M alpha), in float64 on the row-scaled kernel."""
    kernel = np.exp(log_kernel - log_kernel.max(1, keepdims=True))
    alpha = np.ones(kernel.shape[1])
    for _ in range(iterations):
        beta = (1 / len(kernel)) / (kernel @ alpha)
        alpha = marginals / (kernel.T @ beta)
    return (kernel * alpha).argmax(1)


def relaxed(log_kernel: np.ndarray, marginals: np.ndarray, power: float) -> np.ndarray:
    """alpha = (r / (M' beta)) ** power, beta = c / (M alpha), in float64: log alpha."""
    kernel = np.exp(log_kernel - log_kernel.max(1, keepdims=True))
    alpha = np.ones(kernel.shape[1])
    for _ in range(20_000):
        beta = (1 / len(kernel)) / (kernel @ alpha)
        alpha = (marginals / (kernel.T @ beta)) ** power
    return np.log(alpha)


@pytest.mark.parametrize("power", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("sharpness", [1.0, 4.0])
@pytest.mark.parametrize("solver", ["dense", "truncated"])
def test_relaxed_marginals_are_those_of_the_textbook(
    power: float, sharpness: float, solver: Solver
) -> None:
    log_kernel = posteriors(500, 8, sharpness) + torch.arange(8)  # cluster 7 is the favourite
    marginals = torch.full((8,), 1 / 8)
    output = sinkhorn(log_kernel, marginals, 1e-4, solver=solver, power=power)
    expected = relaxed(log_kernel.double().numpy(), marginals.numpy(), power)
    assert output.converged and output.marginal_error <= 1e-4
    found = output.log_alpha.numpy()
    np.testing.assert_allclose(found - found.mean(), expected - expected.mean(), atol=0.02)
    labels = (log_kernel.double().numpy() + expected).argmax(1)
    assert (output.labels.numpy() == labels).mean() >= 0.99


def test_the_lower_the_power_the_less_the_marginals_count() -> None:
    log_kernel = posteriors(2000, 8, 4.0) + 2 * torch.arange(8)
    marginals = torch.full((8,), 1 / 8)
    spread = [
        float(
            sinkhorn(log_kernel, marginals, power=power).labels.bincount(minlength=8).double().std()
        )
        for power in (1.0, 0.95, 0.8, 0.5, 0.05)
    ]
    assert spread == sorted(spread) and spread[0] < 2
    free = log_kernel.argmax(1).bincount(minlength=8).double().std()
    assert spread[-1] == pytest.approx(float(free), rel=0.2)


def test_two_clips_that_both_prefer_one_cluster() -> None:
    # Clip 0 prefers cluster 0 by 3, clip 1 by 1; of two clusters of one clip each, clip 0 gets it.
    output = sinkhorn(torch.tensor([[3.0, 0.0], [1.0, 0.0]]), torch.tensor([0.5, 0.5]))
    assert output.labels.tolist() == [0, 1]


def test_flat_posteriors_keep_their_shape() -> None:
    output = sinkhorn(torch.zeros(6, 3), torch.tensor([0.2, 0.3, 0.5]))
    assert output.marginal_error < 1e-6
    # alpha is the log of the marginals, up to a constant
    assert torch.allclose(output.log_alpha.softmax(0), torch.tensor([0.2, 0.3, 0.5]).double())


@pytest.mark.parametrize("sharpness", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_labels_are_those_of_the_textbook(sharpness: float, dtype: torch.dtype) -> None:
    log_kernel = posteriors(2000, 12, sharpness)
    marginals = torch.linspace(1, 2, 12, dtype=torch.float64)
    marginals /= marginals.sum()
    output = sinkhorn(log_kernel.to(dtype), marginals, tolerance=1e-4, max_iterations=20_000)
    expected = textbook(log_kernel.double().numpy(), marginals.numpy(), 20_000)
    assert output.marginal_error <= 1e-4
    assert (output.labels.numpy() == expected).mean() >= 0.999


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
    log_kernel = posteriors(clips, clusters, sharpness, seed).double()
    marginals = torch.full((clusters,), 1 / clusters)
    moved = log_kernel + torch.linspace(-500, 500, clips, dtype=torch.float64)[:, None]
    one, two = sinkhorn(log_kernel, marginals), sinkhorn(moved, marginals)
    assert torch.allclose(one.log_alpha, two.log_alpha, atol=1e-4)
    assert one.labels.tolist() == two.labels.tolist()


def test_column_marginals_match() -> None:
    log_kernel = posteriors(3000, 10, 2.0)
    marginals = torch.rand(10, generator=torch.Generator().manual_seed(1)) + 0.5
    marginals = marginals / marginals.sum()
    output = sinkhorn(log_kernel, marginals, tolerance=1e-3)
    rows = (log_kernel.double() + output.log_alpha).softmax(1)  # rows of Q, times N
    assert torch.allclose(rows.mean(0), marginals.double(), rtol=2e-3)


def test_kernels_that_underflow_in_float64() -> None:
    """Rows of p ** 10 underflow even in float64; labels must not fall to cluster 0."""
    truth = torch.arange(400) % 8
    log_p = torch.full((400, 8), -200.0)
    log_p[torch.arange(400), truth] = 0.0
    shifted = LAMBDA * (log_p - 300)  # as if both modalities found every cluster impossible
    assert float(shifted.double().exp().sum()) == 0.0
    output = sinkhorn(shifted, torch.full((8,), 1 / 8))
    assert output.labels.tolist() == truth.tolist()


def test_a_cluster_nobody_wants_still_gets_its_share() -> None:
    generator = torch.Generator().manual_seed(0)
    log_kernel = torch.randn(1000, 5, generator=generator)
    log_kernel[:, 4] -= 2000.0  # e ** -2000 is zero in every floating type
    output = sinkhorn(log_kernel, torch.full((5,), 0.2), tolerance=1e-3)
    assert output.marginal_error <= 1e-3
    assert int((output.labels == 4).sum()) == pytest.approx(200, abs=60)


def test_the_criterion_does_not_depend_on_size() -> None:
    iterations = [
        sinkhorn(posteriors(n, 10, 1.0, seed=n), torch.full((10,), 0.1)).iterations
        for n in (500, 5_000, 50_000)
    ]
    assert max(iterations) <= 2 * min(iterations) + 5


def test_at_the_iteration_limit_the_marginal_error_is_returned() -> None:
    output = sinkhorn(posteriors(500, 10, 4.0), torch.full((10,), 0.1), 1e-9, max_iterations=4)
    assert output.iterations == 4
    assert not output.converged
    assert 1e-9 < output.marginal_error < math.inf


@pytest.mark.parametrize("sharpness", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("solver", ["dense", "truncated"])
def test_float32_labels_are_those_of_float64(sharpness: float, solver: Solver) -> None:
    log_kernel, marginals = trained(20_000, 100, sharpness), gaussian_shares(100)
    single = sinkhorn(log_kernel, marginals, 1e-4, solver=solver)
    double = sinkhorn(log_kernel.double(), marginals, 1e-4)
    assert max(single.marginal_error, double.marginal_error) <= 1e-4
    assert float((single.labels == double.labels).double().mean()) >= 0.999


def test_the_marginal_error_is_that_of_the_whole_kernel() -> None:
    log_kernel, marginals = trained(5_000, 100, 8.0), gaussian_shares(100)
    output = sinkhorn(log_kernel, marginals, 1e-2)
    assert output.solver == "truncated"
    assert output.density < 0.15
    full = (log_kernel.double() + output.log_alpha).softmax(1)
    assert float((full.mean(0) / marginals - 1).abs().max()) == pytest.approx(
        output.marginal_error, abs=1e-4
    )
    assert torch.equal(output.labels, (log_kernel + output.log_alpha.float()).argmax(1))


def test_flat_posteriors_are_solved_dense() -> None:
    output = sinkhorn(trained(2_000, 100, 0.1), gaussian_shares(100))
    assert (output.solver, output.density) == ("dense", 1.0)


def test_late_posteriors_of_vggsound_converge_in_float32() -> None:
    """N = 170,752, K = 309: plain iterations need hundreds, and the cap is far below that."""
    log_kernel, marginals = trained(170_752, 309, 8.0), gaussian_shares(309)
    output = sinkhorn(log_kernel, marginals, 1e-3, max_iterations=60)
    assert output.marginal_error <= 1e-3
    counts = output.labels.bincount(minlength=309) / len(log_kernel)
    assert torch.allclose(counts.double(), marginals, rtol=0.05)


@pytest.mark.parametrize("lambda_", [20.0, 60.0, 200.0])
def test_sharp_kernels_converge(lambda_: float) -> None:
    """800 clips and 10 clusters, as in the demo: nearly every row has one entry that counts."""
    log_kernel = trained(800, 10, 3.0) * (lambda_ / LAMBDA)
    for marginals in (gaussian_shares(10), gaussian_shares(10, 0.5)):
        output = sinkhorn(log_kernel, marginals, 1e-2, max_iterations=300)
        assert output.marginal_error <= 1e-2
        counts = output.labels.bincount(minlength=10)
        assert torch.allclose(counts.double(), 800 * marginals, rtol=0.15, atol=5)


@pytest.mark.parametrize(
    ("solver", "dtype"),
    [("dense", torch.float32), ("dense", torch.float64), ("truncated", torch.float32)],
)
def test_two_clusters_of_any_sizes(solver: Solver, dtype: torch.dtype) -> None:
    log_kernel = posteriors(3000, 2, 3.0).to(dtype)
    output = sinkhorn(log_kernel, torch.tensor([0.9, 0.1]), 1e-3, solver=solver)
    assert output.marginal_error <= 1e-3
    assert output.labels.bincount().tolist() == pytest.approx([2700, 300], abs=5)


@pytest.mark.parametrize("solver", ["dense", "truncated"])
def test_minus_infinity_is_allowed(solver: Solver) -> None:
    log_kernel = posteriors(1000, 5, 1.0)
    marginals = torch.full((5,), 0.2)
    barred = log_kernel.clone()
    barred[::3, 2] = -torch.inf
    output = sinkhorn(barred, marginals, 1e-3, solver=solver)
    assert output.marginal_error <= 1e-3
    assert not (output.labels[::3] == 2).any()


@pytest.mark.parametrize("solver", ["dense", "truncated"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_nan_and_infinity_are_errors(solver: Solver, value: float) -> None:
    log_kernel = posteriors(1000, 5, 1.0)
    log_kernel[17, 3] = value
    with pytest.raises(ValueError, match="NaN or infinity"):
        sinkhorn(log_kernel, torch.full((5,), 0.2), solver=solver)
