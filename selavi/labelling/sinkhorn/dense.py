"""The whole kernel in memory, once, in the type of the scores: one pass over it per iteration."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from selavi.compiled import in_threads
from selavi.engine.process_group import all_sum, first_row
from selavi.labelling.sinkhorn.exact_sums import shared_coupling, shared_masses
from selavi.labelling.sinkhorn.kernels import (
    COARSE,
    LOWEST,
    UNITS,
    dense_coupling,
    dense_labels,
    dense_masses,
    dense_rows,
)
from selavi.labelling.sinkhorn.log_kernel import BLOCK, Scores, sound

REACH = 30.0
"""No entry that counts is lost while log potentials move by less: e ** -(17.4 + 2 * 30) is well
within float32."""


class DenseKernel:
    """exp(score + alpha), each row divided by its largest entry: (n, K) on the scores' device.

    On a CPU in float32 a compiled loop makes the pass: a row's sum and its share in the column sums
    while the row is in cache. Elsewhere torch works block by block.

    Attributes
    ----------
    full_masses : (K,) float64, each cluster's share of the clips at `alpha`.

    Raises
    ------
    ValueError, on every rank, if a score is not a number.
    """

    def __init__(self, scores: Scores, alpha: np.ndarray) -> None:
        self.rows, self.clusters = scores.rows, scores.clusters
        self.compiled = scores.device.type == "cpu" and scores.dtype == torch.float32
        # Whole blocks: how torch adds up a row may depend on the number of rows beside it.
        whole = -(-self.rows // BLOCK) * BLOCK
        size = (whole, self.clusters)
        if self.compiled:  # numpy asks for huge pages: small ones take longer than all the rest
            self.values = torch.from_numpy(np.empty(size, np.float32))
        else:
            self.values = torch.empty(size, dtype=scores.dtype, device=scores.device)
        self.values[self.rows :] = 1
        facts = torch.tensor([self.rows, 0], device=scores.device)
        offset = torch.from_numpy(alpha).to(self.values)
        first = 0
        for block in scores.blocks():
            facts[1] += not sound(block)
            rows = self.values[first : first + len(block)]
            if self.compiled:
                work = partial(dense_rows, block.numpy(), offset.numpy(), rows.numpy())
                in_threads(work, len(block))
            else:
                torch.clamp(block, min=LOWEST, out=rows)
                rows += offset
                rows -= rows.amax(1, keepdim=True)
                rows.exp_()
            first += len(block)
        self.origin = first_row(self.rows, scores.device)
        self.clips, unsound = all_sum(facts).tolist()
        if unsound:
            raise ValueError("log-probabilities to label from are not numbers")
        self.full_masses = self.masses(np.zeros(self.clusters))

    def masses(self, shift: np.ndarray) -> np.ndarray:
        """Each cluster's share of the clips: (K,) float64."""
        factors = torch.from_numpy(np.exp(shift)).to(self.values)
        if self.compiled:
            units = torch.from_numpy(sum(self._in_threads(dense_masses, factors)))
        else:
            units = torch.zeros(self.clusters, dtype=torch.int64, device=self.values.device)
            for rows in self._blocks(factors):
                units += (rows * UNITS[rows.dtype]).round_().long().sum(0)
        return shared_masses(units, self.values.dtype, self.clips)

    def coupling(self, shift: np.ndarray) -> np.ndarray:
        """Mean of q[n, i] * q[n, j]: (K, K) float64."""
        factors = torch.from_numpy(np.exp(shift)).to(self.values)
        if self.compiled:
            units = torch.from_numpy(sum(self._in_threads(dense_coupling, factors, self.origin)))
        else:
            units = torch.zeros(self.clusters, self.clusters, device=self.values.device).long()
            for rows in self._blocks(factors):
                whole = (rows * COARSE).round_().double()
                units += (whole.T @ whole).triu().long()  # of integers, below 2 ** 53: exact
        return shared_coupling(units, self.clips)

    def labels(self, shift: np.ndarray) -> Tensor:
        """Largest entry of each row: (n,) int64."""
        factors = torch.from_numpy(np.exp(shift)).to(self.values)
        if self.compiled:
            return torch.from_numpy(np.concatenate(self._in_threads(dense_labels, factors)))
        parts = [(block * factors).argmax(1) for block in self.values.split(BLOCK)]
        return torch.cat(parts)[: self.rows] if parts else self.values.new_empty(0).long()

    def _in_threads(
        self, loop: Callable[..., np.ndarray], factors: Tensor, *more: int
    ) -> list[np.ndarray]:
        work = partial(loop, self.values.numpy(), factors.numpy(), *more)
        return in_threads(work, self.rows)

    def _blocks(self, factors: Tensor) -> Iterator[Tensor]:
        """Rows of N Q, block by block."""
        for first in range(0, self.rows, BLOCK):
            rows = self.values[first : first + BLOCK] * factors
            rows /= rows.sum(1, keepdim=True)
            yield rows[: self.rows - first]
