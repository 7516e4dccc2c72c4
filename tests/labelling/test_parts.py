"""Marginals, alignment, schedule, features, groups."""

import itertools

import pytest
import torch
from scipy.stats import spearmanr

from selavi.labelling.alignment import best_permutation
from selavi.labelling.feature_store import FeatureStore
from selavi.labelling.marginals import draw_marginals, match_by_rank
from selavi.labelling.relabel import group_heads
from selavi.labelling.schedule import relabelling_steps
from selavi.labelling.sinkhorn import sinkhorn


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("deviation", [0.1, 0.5, 3.0])
def test_gaussian_sizes_are_ascending_shares(deviation: float) -> None:
    sizes = draw_marginals("gaussian", 309, deviation, generator())
    assert float(sizes.min()) > 0  # a draw below zero must not ask for a negative cluster
    assert float(sizes.sum()) == pytest.approx(1)
    assert torch.equal(sizes, sizes.sort().values)


def test_gaussian_sizes_have_the_deviation_asked_for() -> None:
    sizes = draw_marginals("gaussian", 20_000, 0.1, generator()) * 20_000
    assert float(sizes.mean()) == pytest.approx(1)
    assert float(sizes.std()) == pytest.approx(0.1, rel=0.03)


def test_uniform_sizes_are_equal() -> None:
    assert draw_marginals("uniform", 4, 0.1, generator()).tolist() == [0.25] * 4


def test_zipf_sizes_go_as_one_over_the_rank() -> None:
    marginals = draw_marginals("zipf", 4, 0.1, generator())
    assert (marginals / marginals[-1]).tolist() == pytest.approx([1 / 4, 1 / 3, 1 / 2, 1])
    log_p = (2 * torch.randn(4000, 20, generator=generator())).log_softmax(1)
    shares = match_by_rank(draw_marginals("zipf", 20, 0.1, generator()), log_p.exp().sum(0))
    counts = sinkhorn(20 * log_p, shares).labels.bincount(minlength=20)
    assert torch.allclose(counts.double(), 4000 * shares, rtol=0.1)


def test_the_largest_cluster_gets_the_largest_share() -> None:
    matched = match_by_rank(torch.tensor([0.2, 0.3, 0.5]), torch.tensor([7.0, 9.0, 1.0]))
    assert torch.equal(matched, torch.tensor([0.3, 0.5, 0.2]))


def test_soft_sizes_and_cluster_sizes_correlate() -> None:
    log_p = (torch.randn(5000, 30, generator=generator()) + torch.linspace(0, 1, 30)).log_softmax(1)
    mass = log_p.exp().sum(0)
    shares = match_by_rank(draw_marginals("gaussian", 30, 0.1, generator(1)), mass)
    counts = sinkhorn(20 * log_p, shares).labels.bincount(minlength=30)
    assert spearmanr(mass, counts).statistic > 0.9
    assert torch.allclose(counts.double(), 5000 * shares, rtol=0.1)


def align(p_video: torch.Tensor, p_audio: torch.Tensor) -> list[int]:
    blocks = zip(p_video.split(64), p_audio.split(64), strict=True)
    return best_permutation(blocks, p_video.shape[1], p_video.device).tolist()


def test_alignment_undoes_a_permutation() -> None:
    p = torch.randn(200, 7, generator=generator()).mul(3).softmax(1)
    order = torch.randperm(7, generator=generator(1))
    shuffled = torch.empty_like(p)
    shuffled[:, order] = p  # audio cluster order[k] is video cluster k
    assert align(p, shuffled) == order.tolist()


def test_alignment_is_the_exact_minimum() -> None:
    p_video, p_audio = (torch.randn(40, 5, generator=generator(s)).softmax(1) for s in (0, 1))
    cost = {
        order: float((p_video - p_audio[:, list(order)]).abs().sum())
        for order in itertools.permutations(range(5))
    }
    assert tuple(align(p_video, p_audio)) == min(cost, key=cost.__getitem__)


def test_schedule_is_dense_at_first_and_leaves_the_end_out() -> None:
    steps = relabelling_steps(100, 1.5, 200 * 1000)
    assert len(steps) == 99
    assert steps[0] == 0
    assert steps[1] == int(200_000 * (1 / 99) ** 1.5)
    assert steps[-1] == int(200_000 * (98 / 99) ** 1.5) < 200_000
    gaps = [b - a for a, b in itertools.pairwise(steps)]
    assert gaps == sorted(gaps) or all(b >= a - 1 for a, b in itertools.pairwise(gaps))


def test_schedule_of_a_short_run() -> None:
    assert relabelling_steps(1, 1.5, 10) == [0]
    assert relabelling_steps(100, 1.5, 3) == [0, 1, 2]


def test_groups_share_out_all_heads() -> None:
    groups = group_heads(10, 3, generator())
    assert sorted(itertools.chain.from_iterable(groups)) == list(range(10))
    assert sorted(len(g) for g in groups) == [3, 3, 4]
    assert group_heads(10, 3, generator(1)) != groups


def test_kept_features_are_replaced_row_by_row() -> None:
    store = FeatureStore(torch.tensor([2, 5, 9]), {"video": torch.zeros(3, 2)})
    store.update(torch.tensor([9, 2]), {"video": torch.tensor([[1.0, 1.0], [2.0, 2.0]])})
    assert store.rows["video"].tolist() == [[2, 2], [0, 0], [1, 1]]
