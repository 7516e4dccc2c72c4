"""The state of a fine-tuning: what a checkpoint holds of it."""

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd
import torch

from selavi.data.index import contents
from selavi.engine.checkpoint import Checkpoints
from selavi.engine.process_group import Group
from selavi.evaluation.finetune.recogniser import Recogniser
from selavi.settings import FinetuneSettings

OTHERS = {"machine", "runs", "datasets", "epochs"}
"""Settings that may change on resume; `epochs` makes the training longer."""


@dataclass
class Progress:
    """How far the training is, and its history; the same on every rank.

    Parameters
    ----------
    epoch, step : int
        The next step to take, from 0.
    loss : float
        Sum of this epoch's losses, in nats.
    bfloat16 : bool
        Whether the encoder computes in bfloat16.
    history : list of dict
        One row per finished epoch.
    """

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    bfloat16: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass
class State:
    """Everything that a resumed fine-tuning needs to continue as if it had not stopped.

    Parameters
    ----------
    model : Recogniser
        The network in training.
    optimizer : torch.optim.Optimizer
        Its optimizer, with momentum.
    progress : Progress
        How far the fine-tuning is.
    """

    model: Recogniser
    optimizer: torch.optim.Optimizer
    progress: Progress = field(default_factory=Progress)

    def save(self, checkpoints: Checkpoints, batch_size: int, group: Group) -> None:
        """Write a checkpoint.

        Parameters
        ----------
        checkpoints : Checkpoints
            Where to write it.
        batch_size : int
            Clips of a step, of all processes together.
        group : Group
            The process group.
        """
        shared = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": asdict(self.progress),
        }
        checkpoints.write(self.progress.epoch, self.progress.step * batch_size, shared, {}, group)

    def load(self, checkpoints: Checkpoints, seed: int, group: Group) -> bool:
        """Fill this state from the newest whole checkpoint of the same settings and videos.

        Parameters
        ----------
        checkpoints : Checkpoints
            Where to look.
        seed : int
            Of the fine-tuning.
        group : Group
            The process group.

        Returns
        -------
        bool
            Whether there was one.

        Raises
        ------
        UserError
            As `Checkpoints.newest`, and if the checkpoint does not fit.
        """
        found = checkpoints.newest(group)
        if found is None:
            return False
        with checkpoints.explain_misfit():
            self.model.load_state_dict(found.shared["model"])
            self.optimizer.load_state_dict(found.shared["optimizer"])
            self.progress = Progress(**found.shared["progress"])
        found.restore_random(group, seed, self.progress.epoch, self.progress.step)
        return True


def fingerprint(settings: FinetuneSettings, model: Path, tables: list[pd.DataFrame]) -> str:
    """Identify the result that a fine-tuning leads to.

    Parameters
    ----------
    settings : FinetuneSettings
        Of the fine-tuning; those that do not change the result are left out.
    model : Path
        The model file of the run.
    tables : list of DataFrame
        The training and the test videos.

    Returns
    -------
    str
        64 hex digits.
    """
    digest = hashlib.sha256(settings.model_dump_json(exclude=OTHERS).encode())
    with model.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    for table in tables:
        digest.update(contents(table).to_csv(index=False).encode())
    return digest.hexdigest()
