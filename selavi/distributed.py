"""The process group that torchrun started, or a group of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn

from selavi.labelling.collectives import all_rows, all_sum


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

    def share_buffers(self, network: nn.Module) -> None:
        """Give every rank the first one's batch-norm statistics, where ranks gather their own."""
        if self.world > 1:
            for buffer in network.buffers():
                dist.broadcast(buffer, src=0)

    def gather(self, numbers: list[int]) -> list[int]:
        """The numbers of every rank, which may differ in how many they have."""
        return all_rows(torch.tensor(numbers, dtype=torch.int64, device=self.device)).tolist()

    def mean(self, row: dict[str, float]) -> dict[str, float]:
        """Means over the ranks."""
        values = torch.tensor(list(row.values()), dtype=torch.float64, device=self.device)
        return dict(zip(row, (all_sum(values) / self.world).tolist(), strict=True))

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any rank."""
        if self.world == 1:
            return flag
        shared = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(shared, op=dist.ReduceOp.MAX)
        return bool(shared)


@contextmanager
def process_group() -> Iterator[Group]:
    """Join the group named by torchrun's environment; leave it at the end."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    cuda = torch.cuda.is_available()
    device = (
        torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        if cuda
        else torch.device("cpu")
    )
    if cuda:
        torch.cuda.set_device(device)
    if world == 1:
        yield Group(0, 1, device)
        return
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Group(dist.get_rank(), world, device)
    finally:
        dist.destroy_process_group()
