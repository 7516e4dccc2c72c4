"""Cluster sizes: how they are drawn, and which cluster gets which."""

import pytest
import torch
from scipy.stats import spearmanr

from selavi.labelling.marginals import draw_marginals, match_by_rank
from selavi.labelling.sinkhorn import sinkhorn
from tests.labelling.problems import generator


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
