"""Log kernels, handed out block by block: no solver asks for all rows at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from selavi.labelling.feature_store import FeatureStore
from selavi.models.network import Network

BLOCK = 4096  # rows


class Scores(Protocol):
    """The log kernel of this rank's rows: score[n, k] = lambda * mean over modalities of log p.

    rows : n, may be 0. clusters : K.
    """

    rows: int
    clusters: int
    device: torch.device
    dtype: torch.dtype

    def blocks(self) -> Iterator[Tensor]:
        """Rows in order: (BLOCK, K), the last block shorter; not to be written to.

        A row has the same bits at every call, and whichever rows stand beside it.
        """
        ...


@dataclass
class Matrix:
    """Scores that are in memory already: (n, K) float32 or float64."""

    values: Tensor

    def __post_init__(self) -> None:
        self.rows, self.clusters = self.values.shape
        self.device, self.dtype = self.values.device, self.values.dtype

    def blocks(self) -> Iterator[Tensor]:
        """Views of BLOCK rows."""
        yield from self.values.split(BLOCK) if self.rows else ()


@dataclass
class HeadScores:
    """Scores of one head, computed from pooled features whenever they are asked for."""

    network: Network
    store: FeatureStore
    head: int
    lambda_: float

    def __post_init__(self) -> None:
        self.rows = len(self.store.samples)
        self.clusters = self.network.settings.clusters
        self.device, self.dtype = self.store.samples.device, torch.float32

    def blocks(self) -> Iterator[Tensor]:
        """Lambda times the mean over modalities of log p[n, k]."""
        for log_p in self.log_probabilities():
            yield self.lambda_ * torch.stack(list(log_p.values())).mean(0)

    @torch.no_grad()
    def log_probabilities(self) -> Iterator[dict[str, Tensor]]:
        """By modality, (BLOCK, K) float32, the last block shorter."""
        for first in range(0, self.rows, BLOCK):
            found = {}
            for modality, rows in self.store.rows.items():
                part = rows[first : first + BLOCK]
                # Always whole blocks: a product's last bits hang on the number of rows.
                whole = pad(part, (0, 0, 0, BLOCK - len(part)))
                logits = self.network.logits(modality, whole, [self.head])[0]
                found[modality] = logits[: len(part)].log_softmax(1)
            yield found


def sound(block: Tensor) -> bool:
    """Whether all entries are numbers; minus infinity is one, infinity is not."""
    return bool(block.sum() < torch.inf)
