"""Stochastic gradient descent and its learning rate."""

from collections.abc import Iterable

import torch
from torch import nn

from selavi.settings import TrainingSettings

RATE_CLIPS = 16
"""Clips of a step that base_lr stands for: what one GPU of the paper's 64 brought to a step."""


def make_optimizer(
    parameters: Iterable[nn.Parameter], settings: TrainingSettings
) -> torch.optim.SGD:
    """SGD with momentum and weight decay (paper, supplementary, pretraining details)."""
    return torch.optim.SGD(
        parameters,
        lr=settings.warmup_from,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def clips_per_step(settings: TrainingSettings, world: int) -> int:
    """The effective batch: clips whose mean gradient makes a step, all processes together."""
    return settings.batch_size * settings.accumulation * world


def learning_rate(settings: TrainingSettings, epochs_done: float, step_clips: int) -> float:
    """The rate after `epochs_done` epochs, fractions included, for steps of `step_clips` clips.

    After the warm-up it is base_lr * step_clips / 16, which is the paper's 0.01 * 64 for its 64
    processes of 16 clips, and the same for 16 processes that accumulate four such batches. Until
    then it grows linearly from warmup_from, so that it equals the paper's epoch-wise rate at every
    epoch's start. It is never 0, and where the full rate is below warmup_from, warm-up changes
    nothing.
    """
    full = settings.base_lr * step_clips / RATE_CLIPS
    if epochs_done >= settings.warmup_epochs:
        return full
    start = min(settings.warmup_from, full)
    return start + epochs_done / settings.warmup_epochs * (full - start)
