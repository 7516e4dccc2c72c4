"""The process group that `selavi launch` or torchrun started, and its collectives.

The collectives work without a group as well: with one process there is nothing to exchange.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from selavi.files import UserError

LIMIT_SECONDS = 600.0  # of waiting for another process, after which it counts as lost


@dataclass(frozen=True)
class Group:
    """A process in its group, and the device it computes on.

    Parameters
    ----------
    rank : int
        This process's number, from 0.
    world : int
        The number of processes.
    device : torch.device
        Where this process computes.
    """

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def barrier(self) -> None:
        """Wait for all ranks."""
        if self.world > 1:
            dist.barrier()

    def gather(self, numbers: list[int]) -> list[int]:
        """The numbers of all ranks, in the order of the ranks; ranks may have different counts."""
        return all_rows(torch.tensor(numbers, dtype=torch.int64, device=self.device)).tolist()

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any rank."""
        if self.world == 1:  # also spares a GPU the synchronisation
            return flag
        return bool(all_max(torch.tensor(float(flag), device=self.device)))

    def seed(self, *numbers: int) -> None:
        """Seed this rank's random generator (dropout) from the numbers and the rank."""
        draw = np.random.default_rng((*numbers, self.rank))
        torch.manual_seed(int(draw.integers(2**63)))


def world_size() -> int:
    """The number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def all_sum(value: Tensor) -> Tensor:
    """Sum over ranks, in place; the result is bitwise equal on all ranks."""
    if world_size() > 1:
        dist.all_reduce(value)
    return value


def all_max(value: Tensor) -> Tensor:
    """Maximum over ranks, in place."""
    if world_size() > 1:
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return value


def first_row(rows: int, device: torch.device) -> int:
    """Index of this rank's first row when the rows of all ranks are concatenated in rank order."""
    if world_size() == 1:
        return 0
    counts = torch.zeros(world_size(), dtype=torch.int64, device=device)
    counts[dist.get_rank()] = rows
    return int(all_sum(counts)[: dist.get_rank()].sum())


def all_rows(rows: Tensor) -> Tensor:
    """Rows of all ranks, concatenated in rank order; ranks may have different numbers of rows."""
    if world_size() == 1:
        return rows
    counts = torch.zeros(world_size(), dtype=torch.int64, device=rows.device)
    counts[dist.get_rank()] = len(rows)
    all_sum(counts)
    padded = rows.new_zeros(int(counts.max()), *rows.shape[1:])
    padded[: len(rows)] = rows
    parts = [torch.empty_like(padded) for _ in range(world_size())]
    dist.all_gather(parts, padded)
    return torch.cat([p[:n] for p, n in zip(parts, counts.tolist(), strict=True)])


@contextmanager
def process_group() -> Iterator[Group]:
    """Join the group that the launcher's environment variables name, and leave it at the end.

    Yields
    ------
    Group
        This process's place in the group.

    Raises
    ------
    UserError
        If fewer processes than announced join, if two processes of a machine have the same GPU, or
        if a machine with GPUs has none for this process.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    _refuse_ungrouped_processes(world)
    device = _own_device()
    if world == 1:
        yield Group(0, 1, device)
        return
    try:
        dist.init_process_group(
            "nccl" if device.type == "cuda" else "gloo", timeout=timedelta(seconds=LIMIT_SECONDS)
        )
        dist.barrier()
    except dist.DistError as error:
        raise UserError(why_not_formed(error, world)) from None
    try:
        yield Group(dist.get_rank(), world, device)
        dist.barrier()  # rank 0 writes the outputs: no rank leaves before it has
    finally:
        dist.destroy_process_group()


def why_not_formed(error: dist.DistError, world: int) -> str:
    """Why the processes cannot form a group, and the remedy where it is known."""
    message = str(error)
    if "Duplicate GPU" in message:  # NCCL's words
        return (
            "two processes of a machine were given the same GPU; ask for as many GPUs as processes "
            "on each node (resources gres and tasks of the rule), or start fewer processes: "
            f"{message.splitlines()[-1]}"
        )
    if isinstance(error, (dist.DistStoreError, dist.DistNetworkError)):
        return (
            f"not all of the {world} processes joined within {LIMIT_SECONDS / 60:g} minutes; see "
            f"the last lines of their logs: {message.splitlines()[0]}"
        )
    return f"the {world} processes cannot form a group: {message}"


def _refuse_ungrouped_processes(world: int) -> None:
    """Refuse processes that do not know of each other: each would train in the same folder."""
    tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))
    if ("WORLD_SIZE" not in os.environ and tasks > 1) or tasks > world:
        raise UserError(
            f"srun started {tasks} processes for a group of {world}; "
            "start them with: selavi launch --nodes ... --processes ... -- pretrain ..."
        )


def _own_device() -> torch.device:
    """The GPU of this process, or the CPU on a machine without GPUs."""
    gpus = torch.cuda.device_count()
    if not gpus:
        return torch.device("cpu")
    rank = int(os.environ.get("LOCAL_RANK", "0"))
    if 1 < gpus <= rank:
        raise UserError(f"process {rank} of this machine finds {gpus} GPUs; ask for one each")
    device = torch.device("cuda", rank if gpus > 1 else 0)  # one: Slurm gave each its own
    torch.cuda.set_device(device)
    return device
