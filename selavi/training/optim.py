"""Stochastic gradient descent and its learning rate."""

from collections.abc import Iterable

import torch
from torch import nn

from selavi.settings import TrainingSettings


def make_optimizer(
    parameters: Iterable[nn.Parameter], settings: TrainingSettings
) -> torch.optim.SGD:
    """SGD with momentum and weight decay (paper, supplementary, pretraining details)."""
    return torch.optim.SGD(
        parameters,
        lr=settings.warmup_from,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
    )


def learning_rate(settings: TrainingSettings, epochs_done: float, world: int) -> float:
    """The rate after `epochs_done` epochs, fractions included.

    It grows linearly over the warm-up from warmup_from to base_lr * world, so that it equals the
    paper's epoch-wise rate at every epoch's start, and stays there.
    """
    full = settings.base_lr * world
    if epochs_done >= settings.warmup_epochs:
        return full
    share = epochs_done / settings.warmup_epochs
    return settings.warmup_from + share * (full - settings.warmup_from)
