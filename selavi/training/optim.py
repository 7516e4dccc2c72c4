"""The optimizer and its learning rate."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from selavi.settings import TrainingSettings

RATE_CLIPS = 16
"""Clips of a step that base_lr applies to: those of one of the paper's 64 GPUs."""


def make_optimizer(
    parameters: Iterable[nn.Parameter], settings: TrainingSettings
) -> torch.optim.Optimizer:
    """SGD with momentum and weight decay (paper, supplementary, pretraining details), or AdamW.

    Parameters
    ----------
    parameters : iterable of nn.Parameter
        Weights to optimise.
    settings : TrainingSettings
        Optimizer, learning rate, momentum and weight decay.

    Returns
    -------
    torch.optim.Optimizer
        At the first learning rate of the warm-up.
    """
    rate, decay = settings.warmup_from, settings.weight_decay
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)
    return torch.optim.SGD(
        parameters, lr=rate, momentum=settings.momentum, weight_decay=decay, fused=True
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


def fit_to_clips(settings: TrainingSettings, clips: int, world: int) -> TrainingSettings:
    """Add epochs until there are `least_steps`, in batches of at most half of the clips.

    Parameters
    ----------
    settings : TrainingSettings
        As given.
    clips : int
        Number of training clips.
    world : int
        The number of processes.

    Returns
    -------
    TrainingSettings
        The same if `least_steps` is 0.
    """
    if not settings.least_steps:
        return settings
    most = clips // (2 * settings.accumulation * world)
    fitted = settings.model_copy(update={"batch_size": max(2, min(settings.batch_size, most))})
    per_epoch = max(1, clips // clips_per_step(fitted, world))
    epochs = max(settings.epochs, math.ceil(settings.least_steps / per_epoch))
    warmup = round(epochs * settings.warmup_epochs / settings.epochs)
    return fitted.model_copy(update={"epochs": epochs, "warmup_epochs": warmup})


def learning_rate(settings: TrainingSettings, epochs_done: float, step_clips: int) -> float:
    """The learning rate of a step.

    After the warm-up it is base_lr * step_clips / 16: the paper's 0.01 * 64 for its 64 processes of
    16 clips, and the same for 16 processes that accumulate four such batches. During the warm-up it
    grows linearly from warmup_from, and equals the paper's epoch-wise rate at the start of every
    epoch. It is never 0, and if the full rate is below warmup_from, the warm-up changes nothing.
    With AdamW the rate after the warm-up is base_lr. With a cosine schedule it falls from there to
    0 at the end of the training, along half a cosine.

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
        Above 0, but at the end of a cosine.
    """
    full = settings.base_lr
    if settings.optimizer == "sgd":
        full *= step_clips / RATE_CLIPS
    if epochs_done >= settings.warmup_epochs:
        if settings.schedule == "constant":
            return full
        length = max(1, settings.epochs - settings.warmup_epochs)
        return full * (1 + math.cos(math.pi * (epochs_done - settings.warmup_epochs) / length)) / 2
    start = min(settings.warmup_from, full)
    return start + epochs_done / settings.warmup_epochs * (full - start)
