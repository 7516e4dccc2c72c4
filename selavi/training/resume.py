"""Going on from a save: exactly with as many processes as made it, and by rule with others.

With another number of processes, rows of kept features are dealt anew and random streams start
anew, from the seed, the place and the rank. The place in the epoch is counted in clips: where the
effective batch is the same (batch_size x accumulation x processes), training goes on at the very
step; otherwise at the last step of the new size that begins no later, so that nothing is left out
and less than a step is learnt from twice, and the learning rate follows the new effective batch.
"""

import hashlib
import logging
import shutil
import time
from itertools import chain, count
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from selavi.data.index import contents
from selavi.data.sampling import rank_share
from selavi.engine.process_group import Group
from selavi.files import UserError
from selavi.labelling.feature_store import FeatureStore
from selavi.settings import RunSettings
from selavi.tensor_files import Damaged, machine_at_fault, read_tensors
from selavi.training.checkpoint import Progress, Saves, State

log = logging.getLogger(__name__)

LATE_SECONDS = 60.0  # a save that the first rank sees and another does not after so long is damaged

SHARED = {
    "fingerprint", "process_clips", "world", "network", "optimizer", "labels", "sizes", "predicted",
    "groups", "progress",
}  # fmt: skip
OWN = {"stores", "random", "cuda"}

Save = tuple[dict[str, Any], list[dict[str, Any]]]
"""What all ranks share, and the files of the ranks that this process needs."""


def load_state(saves: Saves, state: State, steps: int, seed: int, group: Group) -> bool:
    """Fill `state` from the newest whole save of the same settings and clips, if there is one.

    A damaged save is passed over, and removed, with a warning; one that the disk or memory does not
    let be read is an error. Saves of other settings or clips
    are moved aside, to `{folder}.earlier`, `{folder}.earlier-2` and so on. Raises UserError if
    there are saves and none is whole.

    steps : of an epoch. seed : of the run.
    """
    found = _newest_whole(saves, group)
    if found is None:
        return False
    shared, ranks = found
    if shared["fingerprint"] != saves.fingerprint or not _same_batch(shared, saves, group):
        _move_aside(saves.folder, group)
        return False
    try:
        _fill(state, shared, group)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        words = str(error).replace("\n", " ")
        raise UserError(
            f"the newest save in {saves.folder} does not fit this run ({words}); remove that "
            "folder to train from the start"
        ) from None
    before, now = shared["process_clips"] * shared["world"], saves.process_clips * group.world
    if before != now:
        _convert(state.progress, before, now, steps)
    _deal_stores(state, ranks, group)
    if shared["world"] == group.world:
        torch.set_rng_state(ranks[0]["random"])
        if ranks[0]["cuda"] is not None and group.device.type == "cuda":
            torch.cuda.set_rng_state(ranks[0]["cuda"])
    else:
        log.info("saved by %d processes, going on with %d", shared["world"], group.world)
        group.seed(seed, state.progress.epoch, state.progress.step)
    return True


def _fill(state: State, shared: dict[str, Any], group: Group) -> None:
    state.network.load_state_dict(shared["network"])
    state.optimizer.load_state_dict(shared["optimizer"])
    state.labels.copy_(shared["labels"])
    state.sizes.copy_(shared["sizes"])
    if group.first:  # a sum over ranks, to be summed over ranks again
        state.predicted.copy_(shared["predicted"])
    state.groups.set_state(shared["groups"])
    state.corrupt.update(shared.get("corrupt", {}))
    state.progress = Progress(**shared["progress"])


def fingerprint(settings: RunSettings, index: pd.DataFrame) -> str:
    """Identifies the result that a state leads to: the settings that shape it, and the clips.

    The section `machine` is not part of it, nor are limits that only stop a run. How a step's clips
    are spread over processes and batches is not part of it; `load_state` looks at that by itself.
    Nor are `epochs`: a state is the beginning of a longer run too.
    """
    spread = {"batch_size", "accumulation", "epochs"}
    limits: dict[str, Any] = {"training": {*spread, "collapse"}, "max_corrupt": True}
    text = settings.model_dump_json(exclude={"machine": True} | limits)
    table = contents(index).to_csv(index=False)
    return hashlib.sha256(f"{text}\n{table}".encode()).hexdigest()


def _same_batch(shared: dict[str, Any], saves: Saves, group: Group) -> bool:
    """Whether the effective batch is as it was, or differs by the number of processes alone."""
    clips = shared["process_clips"]
    return clips == saves.process_clips or clips * shared["world"] == (
        saves.process_clips * group.world
    )


def _newest_whole(saves: Saves, group: Group) -> Save | None:
    damaged: list[Path] = []
    found = None
    for path in reversed(_as_first_sees(saves, group)):
        problem = refused = ""
        try:
            _wait_for(path / "shared.pt")
            found = _read(path, group)
        except UserError as error:
            if isinstance(error, Damaged):
                problem = str(error)
            else:
                refused = str(error)
        except (ValueError, TypeError) as error:
            problem = f"{path} is damaged ({error})"
        if group.any(bool(refused)):  # it may be whole: it is neither removed nor passed over
            raise UserError(refused or f"{path} cannot be read; see another process's log")
        if not group.any(bool(problem)):
            break
        found = None
        damaged.append(path)
        if group.first:
            problem = problem or f"{path} is damaged (a file of another rank)"
            log.warning("%s: going back to the save before it", problem)
    group.barrier()
    if damaged and found is None:
        raise UserError(
            f"no save in {saves.folder} can be read; remove that folder to train from the start"
        )
    if group.first:
        for path in damaged:  # or it would pass for the newest, and push whole ones out
            shutil.rmtree(path)
    group.barrier()
    return found


def _as_first_sees(saves: Saves, group: Group) -> list[Path]:
    """The saves, the same list on every rank: shared file systems show new names late to some."""
    places = [saves.place(path) for path in saves.all()] if group.first else []
    numbers = group.gather([number for place in places for number in place])
    return [saves.path(*place) for place in zip(numbers[::2], numbers[1::2], strict=True)]


def _wait_for(path: Path) -> None:
    end = time.monotonic() + LATE_SECONDS
    with machine_at_fault(path):
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.5)


def _read(path: Path, group: Group) -> Save:
    shared = _content(path / "shared.pt", SHARED)
    world = int(shared["world"])
    ranks = [group.rank] if world == group.world else range(world)
    return shared, [_content(path / f"rank-{rank}.pt", OWN) for rank in ranks]


def _content(path: Path, parts: set[str]) -> dict[str, Any]:
    content = read_tensors(path)
    if not isinstance(content, dict) or not parts <= content.keys():
        lacking = sorted(parts - content.keys()) if isinstance(content, dict) else parts
        raise Damaged(f"{path} is no save of this version: it lacks {', '.join(lacking)}")
    return content


def _move_aside(folder: Path, group: Group) -> None:
    if group.first:
        name = f"{folder.name}.earlier"
        names = chain([name], (f"{name}-{number}" for number in count(2)))
        earlier = next(e for e in map(folder.with_name, names) if not e.exists())
        log.warning(
            "settings or clips have changed: starting afresh; what was trained is kept in %s until "
            "you remove it",
            earlier,
        )
        folder.rename(earlier)
    group.barrier()


def _convert(progress: Progress, before: int, now: int, steps: int) -> None:
    """Change the place in the epoch from steps of `before` clips to steps of `now`."""
    progress.step = min(progress.step * before // now, steps)
    progress.total = progress.epoch * steps + progress.step
    log.warning(
        "steps were of %d clips and are of %d now: going on at the nearest step before, with the "
        "learning rate of the new size",
        before,
        now,
    )


def _deal_stores(state: State, ranks: list[dict[str, Any]], group: Group) -> None:
    """Give this rank the kept features of the clips that it answers for."""
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
