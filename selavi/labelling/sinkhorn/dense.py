"""The dense kernel: one N x K matrix in memory, read once per iteration."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from selavi.compiled import in_threads
from selavi.engine.process_group import all_sum, first_row
from selavi.labelling.sinkhorn.exact_sums import gram_of_units, marginals_of_units
from selavi.labelling.sinkhorn.kernel_rows import LOWEST, exp_rows
from selavi.labelling.sinkhorn.kernel_sums import (
    COARSE,
    UNITS,
    dense_gram,
    dense_labels,
    dense_marginals,
)
from selavi.labelling.sinkhorn.log_kernel import BLOCK, LogKernel, is_valid

MAX_SHIFT = 30.0
"""Log potentials may change by this much before the kernel is computed again: an entry that becomes
relevant is then at least e ** -(17.4 + 2 * 30) of its row's largest, well within float32."""


class DenseKernel:
    """exp(log_kernel + log_alpha), each row divided by its largest entry: (n, K).

    In float32 on a CPU, numba loops make the passes, with each row in cache; otherwise torch works
    block by block, on the log kernel's device.

    Parameters
    ----------
    log_kernel : LogKernel
        Log kernel of this rank's rows.
    log_alpha : numpy.ndarray
        (K,) float64, log potentials of the columns.

    Attributes
    ----------
    full_marginals : numpy.ndarray
        (K,) float64, column marginals at `log_alpha`.

    Raises
    ------
    ValueError
        On every rank, if an entry of the log kernel is NaN or infinity.
    """

    def __init__(self, log_kernel: LogKernel, log_alpha: np.ndarray) -> None:
        self.rows, self.clusters = log_kernel.rows, log_kernel.clusters
        self.compiled = log_kernel.device.type == "cpu" and log_kernel.dtype == torch.float32
        # Padded to whole blocks: torch's sum of a row may depend on the number of rows.
        padded = -(-self.rows // BLOCK) * BLOCK
        size = (padded, self.clusters)
        if self.compiled:  # numpy asks for huge pages: with small ones, page faults dominate
            self.values = torch.from_numpy(np.empty(size, np.float32))
        else:
            self.values = torch.empty(size, dtype=log_kernel.dtype, device=log_kernel.device)
        self.values[self.rows :] = 1
        counts = torch.tensor([self.rows, 0], device=log_kernel.device)  # rows, invalid blocks
        offset = torch.from_numpy(log_alpha).to(self.values)
        first = 0
        for block in log_kernel.blocks():
            counts[1] += not is_valid(block)
            rows = self.values[first : first + len(block)]
            if self.compiled:
                work = partial(exp_rows, block.numpy(), offset.numpy(), rows.numpy())
                in_threads(work, len(block))
            else:
                torch.clamp(block, min=LOWEST, out=rows)
                rows += offset
                rows -= rows.amax(1, keepdim=True)
                rows.exp_()
            first += len(block)
        self.first_row = first_row(self.rows, log_kernel.device)
        self.clips, invalid = all_sum(counts).tolist()
        if invalid:
            raise ValueError("the log kernel holds NaN or infinity")
        self.full_marginals = self.marginals(np.zeros(self.clusters))

    def marginals(self, shift: np.ndarray) -> np.ndarray:
        """Column marginals of Q with potentials log_alpha + shift: (K,) float64."""
        factors = torch.from_numpy(np.exp(shift)).to(self.values)
        if self.compiled:
            units = torch.from_numpy(sum(self._in_threads(dense_marginals, factors)))
        else:
            units = torch.zeros(self.clusters, dtype=torch.int64, device=self.values.device)
            for q in self._blocks(factors):
                units += (q * UNITS[q.dtype]).round_().long().sum(0)
        return marginals_of_units(units, self.values.dtype, self.clips)

    def gram(self, shift: np.ndarray) -> np.ndarray:
        """Mean of q[n, i] * q[n, j] with potentials log_alpha + shift: (K, K) float64."""
        factors = torch.from_numpy(np.exp(shift)).to(self.values)
        if self.compiled:
            units = torch.from_numpy(sum(self._in_threads(dense_gram, factors, self.first_row)))
        else:
            units = torch.zeros(self.clusters, self.clusters, device=self.values.device).long()
            for q in self._blocks(factors):
                integers = (q * COARSE).round_().double()
                units += (integers.T @ integers).triu().long()  # below 2 ** 53, so exact
        return gram_of_units(units, self.clips)

    def labels(self, shift: np.ndarray) -> Tensor:
        """argmax_k Q[n, k] with potentials log_alpha + shift: (n,) int64."""
        factors = torch.from_numpy(np.exp(shift)).to(self.values)
        if self.compiled:
            return torch.from_numpy(np.concatenate(self._in_threads(dense_labels, factors)))
        labels = [(block * factors).argmax(1) for block in self.values.split(BLOCK)]
        return torch.cat(labels)[: self.rows] if labels else self.values.new_empty(0).long()

    def _in_threads(
        self, loop: Callable[..., np.ndarray], factors: Tensor, *more: int
    ) -> list[np.ndarray]:
        work = partial(loop, self.values.numpy(), factors.numpy(), *more)
        return in_threads(work, self.rows)

    def _blocks(self, factors: Tensor) -> Iterator[Tensor]:
        """Rows of q = N Q, block by block."""
        for first in range(0, self.rows, BLOCK):
            q = self.values[first : first + BLOCK] * factors
            q /= q.sum(1, keepdim=True)
            yield q[: self.rows - first]
