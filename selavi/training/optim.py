"""Stochastic gradient descent and its learning rate."""

from collections.abc import Iterable

import torch
from torch import nn

from selavi.settings import TrainingSettings

RATE_CLIPS = 16
"""Clips of a step that base_lr applies to: those of one of the paper's 64 GPUs."""


def make_optimizer(
    parameters: Iterable[nn.Parameter], settings: TrainingSettings
) -> torch.optim.SGD:
    """SGD with momentum and weight decay (paper, supplementary, pretraining details).

    Parameters
    ----------
    parameters : iterable of nn.Parameter
        Weights to optimise.
    settings : TrainingSettings
        Learning rate, momentum and weight decay.

    Returns
    -------
    torch.optim.SGD
        At the first learning rate of the warm-up.
    """
    return torch.optim.SGD(
        parameters,
        lr=settings.warmup_from,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def clips_per_step(settings: TrainingSettings, world: int) -> int:
    """The effective batch: clips whose mean gradient makes a step.

    Parameters
    ----------
    settings : TrainingSettings
        Batch size and accumulation.
    world : int
        The number of processes.

    Returns
    -------
    int
        Clips of all processes together.
    """
    return settings.batch_size * settings.accumulation * world


def learning_rate(settings: TrainingSettings, epochs_done: float, step_clips: int) -> float:
    """The learning rate of a step.

    After the warm-up it is base_lr * step_clips / 16: the paper's 0.01 * 64 for its 64 processes of
    16 clips, and the same for 16 processes that accumulate four such batches. During the warm-up it
    grows linearly from warmup_from, and equals the paper's epoch-wise rate at the start of every
    epoch. It is never 0, and if the full rate is below warmup_from, the warm-up changes nothing.

    Parameters
    ----------
    settings : TrainingSettings
        Base rate and warm-up.
    epochs_done : float
        Epochs before this step, fractions included.
    step_clips : int
        The effective batch, see `clips_per_step`.

    Returns
    -------
    float
        Above 0.
    """
    full = settings.base_lr * step_clips / RATE_CLIPS
    if epochs_done >= settings.warmup_epochs:
        return full
    start = min(settings.warmup_from, full)
    return start + epochs_done / settings.warmup_epochs * (full - start)
