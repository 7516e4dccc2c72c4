"""Log kernels, handed out block by block: no solver asks for all rows at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

BLOCK = 2048  # rows
LOWEST = -1e6  # stands for minus infinity, and leaves room to add potentials in float32


class Scores(Protocol):
    """The log kernel of this rank's rows: score[n, k] = lambda * mean over modalities of log p.

    rows : n, may be 0. clusters : K.
    """

    rows: int
    clusters: int
    device: torch.device
    dtype: torch.dtype

    def blocks(self) -> Iterator[Tensor]:
        """Rows in order: (BLOCK, K), the last block shorter; the same bits at every call."""
        ...


@dataclass
class Matrix:
    """Scores that are in memory already: (n, K) float32 or float64."""

    values: Tensor

    def __post_init__(self) -> None:
        self.rows, self.clusters = self.values.shape
        self.device, self.dtype = self.values.device, self.values.dtype

    def blocks(self) -> Iterator[Tensor]:
        """Copies of BLOCK rows."""
        for block in self.values.split(BLOCK) if self.rows else ():
            yield block.clamp(min=LOWEST)


def sound(block: Tensor) -> bool:
    """Whether all entries are numbers below infinity."""
    return bool(block.sum().isfinite())
