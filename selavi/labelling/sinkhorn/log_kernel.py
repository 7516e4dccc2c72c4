"""The log kernel, the input of the solver: read block by block, so that N x K need not exist."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from selavi.engine.process_group import all_sum
from selavi.labelling.feature_store import FeatureStore
from selavi.models.network import Network

BLOCK = 4096  # rows
STORED = 1 << 28  # entries of a log kernel that is kept in memory: 1 GiB


class LogKernel(Protocol):
    """Log kernel of this rank's rows: lambda * mean over modalities of log p[n, k].

    Attributes
    ----------
    rows : int
        n, rows of this rank; may be 0.
    clusters : int
        K.
    device : torch.device
        Where the blocks are.
    dtype : torch.dtype
        Of the blocks: float32 or float64.
    """

    rows: int
    clusters: int
    device: torch.device
    dtype: torch.dtype

    def blocks(self) -> Iterator[Tensor]:
        """Rows in order: (BLOCK, K), the last block shorter; read-only.

        A row has the same bits at every call, whichever rows are in the same block.
        """
        ...


@dataclass
class MatrixLogKernel:
    """A log kernel in memory.

    Attributes
    ----------
    values : Tensor
        (n, K) float32 or float64.
    """

    values: Tensor

    def __post_init__(self) -> None:
        self.rows, self.clusters = self.values.shape
        self.device, self.dtype = self.values.device, self.values.dtype

    def blocks(self) -> Iterator[Tensor]:
        """Views of BLOCK rows."""
        yield from self.values.split(BLOCK) if self.rows else ()


@dataclass
class HeadLogKernel:
    """The log kernel of one head, from pooled features: kept in memory unless it is large.

    Attributes
    ----------
    network : Network
        In evaluation mode; gives the head's logits.
    store : FeatureStore
        Pooled features of this rank's clips.
    head : int
        Number of the head, from 0.
    lambda_ : float
        Sharpness: the kernel is the geometric mean of the posteriors to this power.
    """

    network: Network
    store: FeatureStore
    head: int
    lambda_: float

    def __post_init__(self) -> None:
        self.rows = len(self.store.samples)
        self.clusters = self.network.cluster_counts[self.head]
        self.device, self.dtype = self.store.samples.device, torch.float32
        self.padding = _padding(self.rows, self.device)
        self.stored: list[Tensor] = []  # log products

    def blocks(self) -> Iterator[Tensor]:
        """Lambda times the mean over modalities of log p[n, k]: (BLOCK, K) float32."""
        scale = self.lambda_ / len(self.network.modalities)
        for product in self.log_products():
            yield scale * product

    def log_products(self) -> Iterator[Tensor]:
        """Sum over modalities of log p[n, k]: (BLOCK, K) float32."""
        if self.stored:
            yield from self.stored
            return
        made = []
        for log_p in self.log_probabilities():
            product = torch.stack(list(log_p.values())).sum(0)
            if self.rows * self.clusters <= STORED:
                made.append(product)
            yield product
        self.stored = made

    @torch.no_grad()
    def log_probabilities(self) -> Iterator[dict[str, Tensor]]:
        """Log posteriors by modality: (BLOCK, K) float32, the last block shorter."""
        for first in range(0, self.rows, BLOCK):
            log_p = {}
            for modality, features in self.store.rows.items():
                block = features[first : first + BLOCK]
                # Padded: the last bits of a matrix product depend on the number of rows.
                padded = pad(block, (0, 0, 0, self.padding - len(block)))
                logits = self.network.logits(modality, padded, [self.head])[0]
                log_p[modality] = logits[: len(block)].log_softmax(1)
            yield log_p


def _padding(rows: int, device: torch.device) -> int:
    """Rows of a matrix product: of small problems fewer than BLOCK, the same on every rank."""
    total = int(all_sum(torch.tensor(rows, device=device)))
    return min(BLOCK, 1 << max(0, total - 1).bit_length())


def is_valid(block: Tensor) -> bool:
    """Whether no entry is NaN or infinity; minus infinity is allowed."""
    return bool(block.sum() < torch.inf)
