"""The resumable state of a run: saved whole or not at all, restored exactly.

A save is a folder `step-{epoch}-{total steps}` with `shared.pt` (network, optimiser, labels,
history) and one `rank-{r}.pt` per process (random state, features of its clips). It is written
under a temporary name and renamed when every process has finished: a kill at any moment leaves the
last whole one.
"""

import hashlib
import logging
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from selavi.distributed import Group
from selavi.files import UserError, explain_full_disk
from selavi.labelling.features import FeatureStore
from selavi.settings import RunSettings
from selavi.training.history import Row

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """Where the run is, and what it has to say about the way so far.

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

    labels : (N, H) int64. sizes : (H, K) cluster shares. stores : features kept for labelling.
    groups : generator that draws the groups of heads.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    labels: Tensor
    sizes: Tensor
    stores: list[FeatureStore]
    groups: torch.Generator
    progress: Progress = field(default_factory=Progress)


def save_state(folder: Path, state: State, fingerprint: str, group: Group) -> None:
    """Save on every rank; the earlier save is removed once this one is whole."""
    final = folder / f"step-{state.progress.epoch:06d}-{state.progress.total:012d}"
    part = folder / f".{final.name}.part"
    if group.first:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
    group.barrier()
    with explain_full_disk(part):
        _write(_own(state), part / f"rank-{group.rank}.pt")
        if group.first:
            _write(_shared(state, fingerprint, group.world), part / "shared.pt")
    group.barrier()
    if group.first:
        older = _saves(folder)
        part.rename(final)
        for path in older:
            shutil.rmtree(path)
    group.barrier()


def load_state(folder: Path, state: State, fingerprint: str, group: Group) -> bool:
    """Fill `state` from the newest save of the same settings and clips; say whether there was one.

    Saves of other settings or clips are moved aside, to `{folder}.earlier`. Raises UserError if
    the state was made by another number of processes.
    """
    saves = _saves(folder)
    if not saves:
        return False
    shared = torch.load(saves[-1] / "shared.pt", map_location="cpu", weights_only=True)
    if shared["fingerprint"] != fingerprint:
        group.barrier()
        if group.first:
            earlier = folder.with_name(f"{folder.name}.earlier")
            log.warning("settings or clips have changed: starting afresh; see also %s", earlier)
            shutil.rmtree(earlier, ignore_errors=True)
            folder.rename(earlier)
        group.barrier()
        return False
    if shared["world"] != group.world:
        raise UserError(
            f"{folder} was saved by {shared['world']} processes and there are {group.world} now; "
            f"start {shared['world']}, or remove the folder to train anew"
        )
    own = torch.load(saves[-1] / f"rank-{group.rank}.pt", map_location="cpu", weights_only=True)
    state.network.load_state_dict(shared["network"])
    state.optimizer.load_state_dict(shared["optimizer"])
    state.labels.copy_(shared["labels"])
    state.sizes.copy_(shared["sizes"])
    state.groups.set_state(shared["groups"])
    state.progress = Progress(**shared["progress"])
    device = state.labels.device
    state.stores[:] = [
        FeatureStore(s["samples"].to(device), {m: r.to(device) for m, r in s["rows"].items()})
        for s in own["stores"]
    ]
    torch.set_rng_state(own["random"])
    if own["cuda"] is not None:
        torch.cuda.set_rng_state(own["cuda"])
    return True


def fingerprint(settings: RunSettings, index: pd.DataFrame) -> str:
    """Identifies the result that a state leads to: the settings that shape it, and the clips."""
    machine = {"workers", "threads", "checkpoint_minutes"}
    text = settings.model_dump_json(exclude={"training": machine, "max_corrupt": True})
    table = index.drop(columns="path").to_csv(index=False)
    return hashlib.sha256(f"{text}\n{table}".encode()).hexdigest()


def _write(content: dict[str, Any], path: Path) -> None:
    with path.open("wb") as file:
        torch.save(content, file)
        os.fsync(file.fileno())


def _shared(state: State, fingerprint: str, world: int) -> dict[str, Any]:
    return {
        "fingerprint": fingerprint,
        "world": world,
        "network": state.network.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "labels": state.labels,
        "sizes": state.sizes,
        "groups": state.groups.get_state(),
        "progress": asdict(state.progress),
    }


def _own(state: State) -> dict[str, Any]:
    return {
        "stores": [{"samples": s.samples, "rows": s.rows} for s in state.stores],
        "random": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def _saves(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*")) if folder.is_dir() else []
