"""Resume a pretraining: exactly with the same number of processes, and by these rules with another.

With another number of processes, the rows of the feature stores are divided again, and random
generators are seeded from the seed, the place in the run and the rank. The place in the epoch
is counted in clips. If the effective batch (batch_size x accumulation x processes) is the same,
training resumes at the same step; otherwise at the last step of the new size that begins no later,
so that no clip is left out and less than a step is repeated, and the learning rate follows the new
effective batch.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from selavi.data.index import contents
from selavi.data.sampling import rank_share
from selavi.engine.checkpoint import Checkpoints
from selavi.engine.process_group import Group
from selavi.labelling.feature_store import FeatureStore
from selavi.settings import Modality, RunSettings
from selavi.training.state import Progress, State

log = logging.getLogger(__name__)

SAMPLED = 1000  # rows of given features that are compared


def fingerprint(
    settings: RunSettings,
    index: pd.DataFrame,
    init: Mapping[str, str] | None = None,
    features: Mapping[Modality, np.ndarray] | None = None,
) -> str:
    """Identify the result that a training leads to.

    The section `machine` is not part of it, nor are limits that only stop a run. How a step's clips
    are spread over processes and batches is compared by `load_state`. `epochs` is part of it only
    if the learning rate or the first label update depend on it: else a checkpoint is the beginning
    of a longer run, too. Of the initial weights the content counts, not
    the name of the file.

    Parameters
    ----------
    settings : RunSettings
        Of the run.
    index : DataFrame
        The clips.
    init : mapping of str to str, optional
        By modality, the SHA-256 of the initial weights' file.
    features : mapping of str to numpy.ndarray, optional
        By modality, given features (N, D); some of their rows are compared.

    Returns
    -------
    str
        64 hex digits.
    """
    training = settings.training
    bound = training.schedule == "cosine" or settings.labelling.first_share > 0
    spread = {"batch_size", "accumulation"} | ({"epochs"} if not bound else set())
    limits: dict[str, Any] = {"training": {*spread, "collapse"}, "max_corrupt": True}
    named = {"network": {"init"}}
    text = settings.model_dump_json(exclude={"machine": True, "weights": True} | limits | named)
    if init:
        text += json.dumps(dict(init))
    table = contents(index).to_csv(index=False)
    digest = hashlib.sha256(f"{text}\n{table}".encode())
    for modality, rows in (features or {}).items():
        some = np.linspace(0, len(rows) - 1, min(len(rows), SAMPLED)).astype(int)
        digest.update(f"{modality} {rows.shape}".encode() + rows[some].tobytes())
    return digest.hexdigest()


def load_state(
    checkpoints: Checkpoints, state: State, process_clips: int, steps: int, seed: int, group: Group
) -> bool:
    """Fill `state` from the newest whole checkpoint of the same settings and clips.

    Parameters
    ----------
    checkpoints : Checkpoints
        Where to look.
    state : State
        Of the training that starts; changed in place.
    process_clips : int
        Clips that each process contributes to a step.
    steps : int
        Steps of an epoch.
    seed : int
        Of the run.
    group : Group
        The process group.

    Returns
    -------
    bool
        Whether there was one.

    Raises
    ------
    UserError
        As `Checkpoints.newest`, and if the checkpoint does not fit the state.
    """
    found = checkpoints.newest(group)
    if found is None:
        return False
    with checkpoints.explain_misfit():
        earlier_clips = int(found.shared["process_clips"])
        before, now = earlier_clips * found.world, process_clips * group.world
        if earlier_clips == process_clips or before == now:
            _fill(state, found.shared, group)
            _divide_stores(state, found.own, group)
        else:  # another effective batch, and not by the number of processes alone
            checkpoints.move_aside(group)
            return False
    if before != now:
        _convert(state.progress, before, now, steps)
    found.restore_random(group, seed, state.progress.epoch, state.progress.step)
    return True


def _fill(state: State, shared: dict[str, Any], group: Group) -> None:
    state.network.load_state_dict(shared["network"])
    state.optimizer.load_state_dict(shared["optimizer"])
    state.labels.copy_(shared["labels"])
    state.sizes.copy_(shared["sizes"])
    if group.first:  # a sum over ranks, to be summed over ranks again
        state.predicted.copy_(shared["predicted"])
    state.groups.set_state(shared["groups"])
    state.corrupt.found.update(shared["corrupt"])
    state.progress = Progress(**shared["progress"])


def _convert(progress: Progress, before: int, now: int, steps: int) -> None:
    """Change the place in the epoch from steps of `before` clips to steps of `now`."""
    progress.step = min(progress.step * before // now, steps)
    progress.total = progress.epoch * steps + progress.step
    log.warning(
        "steps had %d clips and have %d now: resuming at the nearest step before, with the "
        "learning rate of the new effective batch",
        before,
        now,
    )


def _divide_stores(state: State, ranks: list[dict[str, Any]], group: Group) -> None:
    """Give this rank the stored features of the clips that it labels."""
    mine = rank_share(len(state.labels), group.rank, group.world)
    device = state.labels.device
    state.stores.clear()
    for parts in zip(*(rank["stores"] for rank in ranks), strict=True):
        samples = torch.cat([part["samples"] for part in parts])
        owned = (samples >= mine.start) & (samples < mine.stop)
        rows = {
            name: torch.cat([part["rows"][name] for part in parts])[owned].to(device)
            for name in parts[0]["rows"]
        }
        state.stores.append(FeatureStore(samples[owned].to(device), rows))
