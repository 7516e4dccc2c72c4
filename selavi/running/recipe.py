"""Settings for videos that nobody has chosen settings for: by the machine and by their number."""

import math
import os
from dataclasses import dataclass
from typing import Literal

import torch

from selavi.files import UserError
from selavi.settings import MachineSettings, TrainingSettings
from selavi.settings.presets import PRESETS, Preset

LEAST = 16  # clips to train on
STEPS = 1600  # of the demo's training: 64 epochs of 25
HEAD_STEPS = 240  # where only heads are trained
PER_CLUSTER = 8  # clips, at least, on average
CLIPS_PER_SHARD = 1000
CLIPS_PER_JOB = 16  # a shard's job takes seconds to start
FORK_ABOVE = 200  # small clips: loader processes, started in every epoch, cost more than they save


@dataclass(frozen=True)
class Recipe:
    """What a project is configured with.

    Attributes
    ----------
    preset : str
        "paper", "small", or "features": heads on the features of encoders that are not trained.
    clips : int
        Number of clips that it is for.
    shards : int
        Shards of the training split.
    clusters : int or "auto"
        Number of clusters; "auto" is that of several whose heads agree best.
    epochs, warmup_epochs, batch_size : int
        Of the training; the batch is that of one process.
    gpus : int
        GPUs of the machine.
    workers : int
        Loader processes of a training process.
    """

    preset: Preset
    clips: int
    shards: int
    clusters: int | Literal["auto"]
    epochs: int
    warmup_epochs: int
    batch_size: int
    gpus: int
    workers: int

    @property
    def steps(self) -> int:
        """Training steps over all epochs."""
        return self.epochs * (self.clips // (self.batch_size * max(1, self.gpus)))


def choose_recipe(
    clips: int,
    clusters: int | None = None,
    preset: Preset | None = None,
    gpus: int | None = None,
) -> Recipe:
    """Choose settings for a number of clips.

    Parameters
    ----------
    clips : int
        Number of training clips.
    clusters : int, optional
        Number of clusters; by default "auto" where only heads are trained, so that those of several
        numbers cost little, else `automatic_clusters`.
    preset : str, optional
        By default `machine_preset`.
    gpus : int, optional
        GPUs to train on; by default those of this machine.

    Returns
    -------
    Recipe
        As many epochs as the preset has, or as many more as give `STEPS` steps, `HEAD_STEPS` where
        encoders are not trained. The batch is at
        most the preset's and at most half of the clips, since some may turn out to be broken, and
        such that few clips are left over at the end of an epoch.

    Raises
    ------
    UserError
        If there are fewer than `LEAST` clips, or more clusters than clips.
    """
    if clips < LEAST:
        raise UserError(f"{clips} clips are too few to train on; at least {LEAST} are needed")
    if clusters is not None and not 2 <= clusters <= clips:
        raise UserError(
            f"clusters = {clusters} does not fit {clips} clips; use from 2 to {clips}, or auto"
        )
    gpus = torch.cuda.device_count() if gpus is None else gpus
    preset = preset or machine_preset(gpus)
    default = TrainingSettings(**PRESETS[preset].get("training", {}))
    processes = max(1, gpus)
    largest = default.batch_size * processes
    batches = max(2, math.ceil(clips / largest))
    batch_size = max(2, clips // batches // processes)
    per_epoch = max(1, clips // (batch_size * processes))
    epochs = max(
        default.epochs, math.ceil((HEAD_STEPS if preset == "features" else STEPS) / per_epoch)
    )
    return Recipe(
        preset=preset,
        clips=clips,
        shards=max(
            1, math.ceil(clips / CLIPS_PER_SHARD), min(os.cpu_count() or 1, clips // CLIPS_PER_JOB)
        ),
        clusters=clusters or ("auto" if preset == "features" else automatic_clusters(clips)),
        epochs=epochs,
        warmup_epochs=round(epochs * default.warmup_epochs / default.epochs),
        batch_size=batch_size,
        gpus=gpus,
        workers=_workers(preset, clips),
    )


def machine_preset(gpus: int) -> Preset:
    """The paper's network on a machine with a GPU, else the small one."""
    return "paper" if gpus else "small"


def _workers(preset: Preset, clips: int) -> int:
    """Loader processes: none where there is nothing, or little, to decode."""
    little = preset == "features" or (preset == "small" and clips < FORK_ABOVE)
    return 0 if little else MachineSettings().workers


def automatic_clusters(clips: int) -> int:
    """The square root of half the number of clips, from 2 to an eighth of that number."""
    return max(2, min(round(math.sqrt(clips / 2)), clips // PER_CLUSTER))
