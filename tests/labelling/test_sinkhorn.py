import math

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from hypothesis import given, settings
from hypothesis import strategies as st

from selavi.labelling.sinkhorn import sinkhorn

LAMBDA = 20.0


def posteriors(clips: int, clusters: int, sharpness: float, seed: int = 0) -> torch.Tensor:
    """Scores as in training: lambda times the mean log-probability of two modalities."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.randint(clusters, (clips,), generator=generator)
    parts = []
    for _ in range(2):
        logits = torch.randn(clips, clusters, generator=generator)
        logits[torch.arange(clips), truth] += sharpness
        parts.append((logits * max(1.0, sharpness / 2)).log_softmax(1))
    return LAMBDA * torch.stack(parts).mean(0)


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


@settings(max_examples=40, deadline=None)
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
    found = sinkhorn(posteriors(500, 10, 4.0), torch.full((10,), 0.1), 1e-9, max_iterations=7)
    assert found.iterations == 7
    assert 1e-9 < found.deviation < math.inf


def _worker(rank: int, world: int, port: int, score: torch.Tensor, out: str) -> None:
    dist.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world
    )
    n = len(score)
    share = score[rank * n // world : (rank + 1) * n // world]
    found = sinkhorn(share, torch.linspace(1, 2, score.shape[1]) / score.shape[1] / 1.5)
    torch.save(found.labels, f"{out}.{rank}")
    dist.destroy_process_group()


@pytest.mark.parametrize("world", [2, 3, 4])
def test_labels_do_not_depend_on_the_world(world: int, tmp_path: object, free_port: int) -> None:
    score = posteriors(1001, 10, 2.0)  # a ragged number of rows
    mp.spawn(_worker, (world, free_port, score, f"{tmp_path}/labels"), nprocs=world)
    together = torch.cat([torch.load(f"{tmp_path}/labels.{r}") for r in range(world)])
    alone = sinkhorn(score, torch.linspace(1, 2, 10) / 10 / 1.5).labels
    assert torch.equal(together, alone)
