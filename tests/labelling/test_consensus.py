"""Votes over heads."""

import torch

from selavi.labelling.consensus import consensus


def test_a_case_by_hand() -> None:
    """Head 1 has the numbers of head 0 swapped; clip 2 is outvoted, clip 4 has no labels."""
    labels = torch.tensor([[0, 1, 0], [1, 0, 1], [0, 0, 1], [1, 0, 1], [-1, -1, -1], [0, 1, 0]])
    expected = labels.clone()
    expected[2] = torch.tensor([1, 0, 1])
    assert torch.equal(consensus(labels, 2), expected)


def test_votes_are_better_than_voters_and_keep_each_heads_numbers() -> None:
    generator = torch.Generator().manual_seed(0)
    truth = torch.randint(20, (4000,), generator=generator)
    numbers = torch.stack([torch.randperm(20, generator=generator) for _ in range(7)])
    right = numbers[:, truth].T  # (N, H), the truth as each head numbers it
    wrong = torch.rand(right.shape, generator=generator) < 0.4
    labels = torch.where(wrong, torch.randint(20, right.shape, generator=generator), right)
    voted = consensus(labels, 20)
    assert float((labels == right).double().mean()) < 0.65
    assert float((voted == right).double().mean()) > 0.95


def test_two_heads_follow_the_one_that_decides_ties() -> None:
    labels = torch.tensor([[0, 2], [0, 2], [1, 0], [2, 0], [2, 1]])
    voted = consensus(labels, 3)
    assert torch.equal(voted[:, 0], labels[:, 0])
    assert torch.equal(voted[:, 1], torch.tensor([2, 0, 1])[labels[:, 0]])
