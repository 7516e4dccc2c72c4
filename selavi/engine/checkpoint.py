"""Checkpoints: the resumable state of a training, written whole or not at all, on every rank.

A checkpoint is a folder `step-{epoch}-{clips learned from in the epoch}` with `shared.pt`, which
holds what is equal on all ranks, and one `rank-{r}.pt` per process, which holds its random state
and what it alone has. It is written under a temporary name and renamed once every rank has written
its file: a kill at any moment leaves the previous one. Reading verifies the CRC-32 of every member;
a damaged checkpoint is removed, and the one before it is used.
"""

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import torch

from selavi.engine.process_group import Group
from selavi.files import UserError, explain_refusal
from selavi.settings import MachineSettings
from selavi.tensor_files import Damaged, machine_at_fault, read_tensors, write_tensors

log = logging.getLogger(__name__)

FORMAT = "selavi-checkpoint-1"
SHARED = {"fingerprint", "world", "content"}
OWN = {"random", "cuda", "content"}
LATE_SECONDS = 60.0  # after which a file that only some ranks see counts as missing


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint.

    Parameters
    ----------
    fingerprint : str
        Identifies the settings and clips that it belongs to.
    world : int
        The number of processes that wrote it.
    shared : dict
        What is equal on all ranks.
    ranks : list of dict
        The files of the ranks: this rank's alone, or all of them if the world size has changed.
    """

    fingerprint: str
    world: int
    shared: dict[str, Any]
    ranks: list[dict[str, Any]]

    @property
    def own(self) -> list[dict[str, Any]]:
        """What each rank of `ranks` alone had."""
        return [rank["content"] for rank in self.ranks]

    def restore_random(self, group: Group, *seed: int) -> None:
        """Restore this rank's random generators; seed them again if the world size has changed."""
        if self.world != group.world:
            log.info("saved by %d processes, resuming with %d", self.world, group.world)
            group.seed(*seed)
            return
        torch.set_rng_state(self.ranks[0]["random"])
        if self.ranks[0]["cuda"] is not None and group.device.type == "cuda":
            torch.cuda.set_rng_state(self.ranks[0]["cuda"])


class Checkpoints:
    """The checkpoints of one training.

    Parameters
    ----------
    folder : Path
        Where they are.
    fingerprint : str
        Identifies the settings and clips of this training.
    machine : MachineSettings
        How many are kept, and how often one is due.
    """

    def __init__(self, folder: Path, fingerprint: str, machine: MachineSettings) -> None:
        self.folder, self.fingerprint = folder, fingerprint
        self.kept, self.minutes = machine.checkpoints_kept, machine.checkpoint_minutes
        self.saved_at = time.monotonic()

    def all(self) -> list[Path]:
        """The checkpoints, the oldest first."""
        return sorted(self.folder.glob("step-*")) if self.folder.is_dir() else []

    def due(self, group: Group) -> bool:
        """Whether the last one is `checkpoint_minutes` old on any rank."""
        return group.any(time.monotonic() - self.saved_at >= 60 * self.minutes)

    def write(
        self, epoch: int, clips: int, shared: dict[str, Any], own: dict[str, Any], group: Group
    ) -> None:
        """Write a checkpoint on all ranks, and remove the oldest once it is whole.

        Nothing is written if this place has a checkpoint: training that stops in a pass over the
        clips may be where it was at its last checkpoint.

        Parameters
        ----------
        epoch, clips : int
            The epoch, from 0, and how many of its clips were learned from.
        shared : dict
            Equal on all ranks; rank 0 writes it.
        own : dict
            What this rank alone has.
        group : Group
            All its ranks call this together.

        Raises
        ------
        UserError
            If the disk refuses.
        """
        self.saved_at = time.monotonic()
        final = self._path(epoch, clips)
        if group.any(group.first and final.exists()):
            return
        part = self.folder / f".{final.name}.part"
        if group.first:
            with explain_refusal(part):
                for left in self.folder.glob(".step-*.part"):  # of a killed process
                    shutil.rmtree(left)
                part.mkdir(parents=True)
        group.barrier()
        with explain_refusal(final):
            try:
                write_tensors(part / f"rank-{group.rank}.pt", _random_state() | {"content": own})
                if group.first:
                    header = {"format": FORMAT, "fingerprint": self.fingerprint}
                    content = header | {"world": group.world, "content": shared}
                    write_tensors(part / "shared.pt", content)
            except OSError:  # the unfinished file may have filled the disk
                shutil.rmtree(part, ignore_errors=True)
                raise
        group.barrier()
        if group.first:
            with explain_refusal(final):
                part.rename(final)
                _sync(self.folder)
                for path in self.all()[: -self.kept]:
                    shutil.rmtree(path)
        group.barrier()
        self.saved_at = time.monotonic()

    def newest(self, group: Group) -> Checkpoint | None:
        """Read the newest whole checkpoint of this training.

        Damaged ones that are newer are removed, with a warning. Checkpoints of other settings or
        clips are moved aside, see `move_aside`.

        Returns
        -------
        Checkpoint or None
            None if there is none.

        Raises
        ------
        UserError
            If there are checkpoints and none is whole, if the disk or memory fails while reading,
            or if another version of selavi wrote the newest.
        """
        found = self._newest_whole(group)
        if found is not None and found.fingerprint != self.fingerprint:
            self.move_aside(group)
            return None
        return found

    def move_aside(self, group: Group) -> None:
        """Rename the folder to `{folder}.earlier`, or `{folder}.earlier-2` and so on."""
        if group.first:
            name = f"{self.folder.name}.earlier"
            names = chain([name], (f"{name}-{number}" for number in count(2)))
            earlier = next(e for e in map(self.folder.with_name, names) if not e.exists())
            log.warning(
                "settings or clips have changed: starting from the beginning; the earlier "
                "checkpoints are kept in %s until you remove it",
                earlier,
            )
            self.folder.rename(earlier)
        group.barrier()

    @contextmanager
    def explain_misfit(self) -> Iterator[None]:
        """Turn errors of a content that does not fit the training into UserError."""
        try:
            yield
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            message = str(error).replace("\n", " ")
            raise UserError(
                f"the newest checkpoint in {self.folder} does not fit this run ({message}); remove "
                "that folder to train from the start"
            ) from None

    def _path(self, epoch: int, clips: int) -> Path:
        return self.folder / f"step-{epoch:06d}-{clips:012d}"

    def _as_rank_0_sees(self, group: Group) -> list[Path]:
        """The checkpoints, the same on all ranks: shared file systems show new names late."""
        places = [path.name.split("-")[1:] for path in self.all()] if group.first else []
        numbers = group.gather([int(number) for place in places for number in place])
        return [self._path(*place) for place in zip(numbers[::2], numbers[1::2], strict=True)]

    def _newest_whole(self, group: Group) -> Checkpoint | None:
        damaged: list[Path] = []
        found = None
        for path in reversed(self._as_rank_0_sees(group)):
            problem = refused = ""
            try:
                _wait_for(path / "shared.pt")
                found = self._read(path, group)
            except UserError as error:
                if isinstance(error, Damaged):
                    problem = str(error)
                else:
                    refused = str(error)
            except (ValueError, TypeError) as error:
                problem = f"{path} is damaged ({error})"
            if group.any(bool(refused)):  # it may be whole: neither remove it nor skip it
                raise UserError(refused or f"{path} cannot be read; see the logs of other ranks")
            if not group.any(bool(problem)):
                break
            found = None
            damaged.append(path)
            if group.first:
                problem = problem or f"{path} is damaged (a file of another rank)"
                log.warning("%s: falling back to the checkpoint before it", problem)
        group.barrier()
        if damaged and found is None:
            raise UserError(
                f"no checkpoint in {self.folder} can be read; remove that folder to train from the "
                "start"
            )
        if group.first:
            for path in damaged:  # or it would count as the newest, and push out whole ones
                shutil.rmtree(path)
        group.barrier()
        return found

    def _read(self, path: Path, group: Group) -> Checkpoint:
        shared = _content(path / "shared.pt", SHARED, FORMAT)
        world = int(shared["world"])
        numbers = [group.rank] if world == group.world else range(world)
        ranks = [_content(path / f"rank-{rank}.pt", OWN) for rank in numbers]
        return Checkpoint(shared["fingerprint"], world, shared["content"], ranks)


def _content(path: Path, keys: set[str], of_format: str = "") -> dict[str, Any]:
    content = read_tensors(path)
    written = content.get("format", "") if isinstance(content, dict) else None
    if isinstance(content, dict) and written != of_format:
        raise UserError(
            f"{path} was written by another version of selavi (format {written or 'unknown'}, this "
            f"version reads {of_format}); resume with that version, or remove {path.parent.parent} "
            "to train from the start"
        )
    if not isinstance(content, dict) or not keys <= content.keys():
        raise Damaged(f"{path} is not a checkpoint file")
    return content


def _random_state() -> dict[str, Any]:
    return {
        "random": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def _wait_for(path: Path) -> None:
    end = time.monotonic() + LATE_SECONDS
    with machine_at_fault(path):
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.5)


def _sync(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
