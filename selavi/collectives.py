"""Sums over the ranks of a process group; with one process, nothing to do."""

import torch
import torch.distributed as dist
from torch import Tensor


def world() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def all_sum(value: Tensor) -> Tensor:
    """`value` summed over ranks, in place."""
    if world() > 1:
        dist.all_reduce(value)
    return value


def all_max(value: Tensor) -> Tensor:
    """The largest of `value` over ranks, in place."""
    if world() > 1:
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return value


def first_row(rows: int, device: torch.device) -> int:
    """Place of this rank's first row among the rows of all ranks, in the order of the ranks."""
    if world() == 1:
        return 0
    counts = torch.zeros(world(), dtype=torch.int64, device=device)
    counts[dist.get_rank()] = rows
    return int(all_sum(counts)[: dist.get_rank()].sum())


def all_rows(rows: Tensor) -> Tensor:
    """Rows of every rank, in the order of the ranks; ranks may own different numbers of rows."""
    if world() == 1:
        return rows
    counts = torch.zeros(world(), dtype=torch.int64, device=rows.device)
    counts[dist.get_rank()] = len(rows)
    all_sum(counts)
    padded = rows.new_zeros(int(counts.max()), *rows.shape[1:])
    padded[: len(rows)] = rows
    parts = [torch.empty_like(padded) for _ in range(world())]
    dist.all_gather(parts, padded)
    return torch.cat([p[:n] for p, n in zip(parts, counts.tolist(), strict=True)])
