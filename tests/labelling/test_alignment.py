"""The audio clusters are renumbered by the best permutation."""

import itertools

import torch

from selavi.labelling.alignment import best_permutation
from tests.labelling.problems import generator


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
