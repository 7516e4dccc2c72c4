"""The resumable state of a run: saved whole or not at all, on every rank.

A save is a folder `step-{epoch}-{clips learnt from in it}` with `shared.pt` (network, optimiser,
labels, place in the run) and one `rank-{r}.pt` per process (random state, features of its clips).
It is written under a temporary name and renamed when every process has finished: a kill at any
moment leaves the last whole one. How a save is read: `selavi.training.resume`.
"""

import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from selavi.engine.process_group import Group, all_sum
from selavi.files import explain_refusal
from selavi.labelling.feature_store import FeatureStore
from selavi.tensor_files import write_tensors
from selavi.training.history import Row


@dataclass
class Progress:
    """Where the run is, and what it has to say about the way so far; the same on every rank.

    epoch, step : the next step to make. total : steps made. sums : running totals of this epoch.
    history : one row per finished epoch. relabellings : how many were made.
    """

    epoch: int = 0
    step: int = 0
    total: int = 0
    relabellings: int = 0
    bfloat16: bool = False
    sums: Row = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)


@dataclass
class State:
    """Everything that a resumed run needs to go on as if it had not stopped.

    labels : (N, H) int64. sizes : (H, K) cluster shares. predicted : (H, K) int64, how often each
    cluster was predicted in this epoch, summed over ranks. stores : features kept for labelling.
    groups : generator that draws the groups of heads. corrupt : the clips' own record of those that
    proved corrupt, see `Clips`.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    labels: Tensor
    sizes: Tensor
    predicted: Tensor
    stores: list[FeatureStore]
    groups: torch.Generator
    corrupt: dict[int, str]
    progress: Progress = field(default_factory=Progress)

    def count(self, predicted: Tensor) -> None:
        """Count predictions (H, B) int64."""
        self.predicted.scatter_add_(1, predicted, torch.ones_like(predicted))


@dataclass(frozen=True)
class Saves:
    """The saves of one run.

    folder : of the saves. fingerprint : of the settings and clips that they belong to.
    process_clips : clips that each process brings to a step. keep : saves that are kept.
    """

    folder: Path
    fingerprint: str
    process_clips: int
    keep: int

    def all(self) -> list[Path]:
        """The saves, the oldest first."""
        return sorted(self.folder.glob("step-*")) if self.folder.is_dir() else []

    def path(self, epoch: int, clips: int) -> Path:
        """The save made in an epoch (from 0) after so many of its clips."""
        return self.folder / f"step-{epoch:06d}-{clips:012d}"

    def place(self, path: Path) -> tuple[int, int]:
        """Epoch and clips of a save: `path`, backwards."""
        _, epoch, clips = path.name.split("-")
        return int(epoch), int(clips)

    def write(self, state: State, group: Group) -> None:
        """Save on every rank, unless this place is saved; the oldest is removed once it is whole.

        A run that is stopped in a pass over the clips may be where it was at its last save.
        """
        progress = state.progress
        final = self.path(progress.epoch, progress.step * self.process_clips * group.world)
        if group.any(group.first and final.exists()):
            return
        part = self.folder / f".{final.name}.part"
        predicted = all_sum(state.predicted.clone())
        if group.first:
            with explain_refusal(part):
                for left in self.folder.glob(".step-*.part"):  # of a killed process
                    shutil.rmtree(left)
                part.mkdir(parents=True)
        group.barrier()
        with explain_refusal(final):
            try:
                write_tensors(part / f"rank-{group.rank}.pt", _own(state))
                if group.first:
                    write_tensors(part / "shared.pt", self._shared(state, predicted, group.world))
            except OSError:  # what is there of it may have filled the disk
                shutil.rmtree(part, ignore_errors=True)
                raise
        group.barrier()
        if group.first:
            with explain_refusal(final):
                part.rename(final)
                _sync(self.folder)
                for path in self.all()[: -self.keep]:
                    shutil.rmtree(path)
        group.barrier()

    def _shared(self, state: State, predicted: Tensor, world: int) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "process_clips": self.process_clips,
            "world": world,
            "network": state.network.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "labels": state.labels,
            "sizes": state.sizes,
            "predicted": predicted,
            "groups": state.groups.get_state(),
            "corrupt": state.corrupt,
            "progress": asdict(state.progress),
        }


def _own(state: State) -> dict[str, Any]:
    return {
        "stores": [{"samples": s.samples, "rows": s.rows} for s in state.stores],
        "random": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def _sync(folder: Path) -> None:
    """Make a rename in `folder` last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
