"""The process group that `selavi launch` or torchrun started, or a group of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from selavi.collectives import all_rows
from selavi.files import UserError

LIMIT_SECONDS = 600.0  # of waiting for another process: beyond it, it is taken for lost


@dataclass(frozen=True)
class Group:
    """A process among its equals, and the device it computes on."""

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def barrier(self) -> None:
        """Wait for all."""
        if self.world > 1:
            dist.barrier()

    def sum(self, values: Tensor) -> Tensor:
        """`values` summed over ranks, in place; bit for bit the same on all of them."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def gather(self, numbers: list[int]) -> list[int]:
        """The numbers of every rank, which may differ in how many they have."""
        return all_rows(torch.tensor(numbers, dtype=torch.int64, device=self.device)).tolist()

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any rank."""
        if self.world == 1:
            return flag
        shared = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(shared, op=dist.ReduceOp.MAX)
        return bool(shared)

    def seed(self, *numbers: int) -> None:
        """Start this rank's random stream (dropout) from the run's seed and a place in the run."""
        draw = np.random.default_rng((*numbers, self.rank))
        torch.manual_seed(int(draw.integers(2**63)))


@contextmanager
def process_group() -> Iterator[Group]:
    """Join the group named by the launcher's environment; leave it at the end.

    Raises UserError if fewer processes than announced come together, if two were given the same
    GPU, or if there is no GPU for this one on a machine that has some.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    _refuse_a_group_of_strangers(world)
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
        raise UserError(why_apart(error, world)) from None
    try:
        yield Group(dist.get_rank(), world, device)
        dist.barrier()  # the first one writes the outputs: nobody leaves before it has
    finally:
        dist.destroy_process_group()


def why_apart(error: dist.DistError, world: int) -> str:
    """What keeps processes from forming a group, in a sentence; the remedy, where it is known."""
    words = str(error)
    if "Duplicate GPU" in words:  # as NCCL says it
        return (
            "two processes of a machine were given the same GPU; ask for as many GPUs as processes "
            "on each node (resources gres and tasks of the rule), or start fewer processes: "
            f"{words.splitlines()[-1]}"
        )
    if isinstance(error, (dist.DistStoreError, dist.DistNetworkError)):
        return (
            f"not all of the {world} processes came together within {LIMIT_SECONDS / 60:g} "
            f"minutes; look at the ends of their logs: {words.splitlines()[0]}"
        )
    return f"the {world} processes cannot form a group: {words}"


def _refuse_a_group_of_strangers(world: int) -> None:
    """Several processes that know nothing of each other would each train, over one folder."""
    tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))
    if ("WORLD_SIZE" not in os.environ and tasks > 1) or tasks > world:
        raise UserError(
            f"srun started {tasks} processes for a group of {world}; "
            "start them with: selavi launch --nodes ... --processes ... -- pretrain ..."
        )


def _own_device() -> torch.device:
    """The GPU of this process, or the CPU where there are none."""
    found = torch.cuda.device_count()
    if not found:
        return torch.device("cpu")
    place = int(os.environ.get("LOCAL_RANK", "0"))
    if 1 < found <= place:
        raise UserError(f"process {place} of this machine finds {found} GPUs; ask for one each")
    device = torch.device("cuda", place if found > 1 else 0)  # one: Slurm gave each its own
    torch.cuda.set_device(device)
    return device
