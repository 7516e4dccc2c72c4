"""The truncated kernel: the entries that are not negligible, in sparse rows; no N x K matrix.

Given log_alpha, an entry below 2 ** -25 of its row's largest rounds to no unit of a column marginal
(exact_sums.py), so omitting it changes nothing. At lambda = 20 a trained network leaves a few
entries per row.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from selavi.compiled import in_threads
from selavi.engine.process_group import all_sum, first_row
from selavi.labelling.sinkhorn.exact_sums import gram_of_units, marginals_of_units
from selavi.labelling.sinkhorn.kernel_rows import truncate_rows
from selavi.labelling.sinkhorn.kernel_sums import truncated_gram, truncated_marginals
from selavi.labelling.sinkhorn.log_kernel import BLOCK, LogKernel, is_valid

MAX_SHIFT = 12.0
"""If log potentials change by more, too many omitted entries may have become relevant."""
MAX_DENSITY = 0.15
"""Above this fraction of entries, the dense solver is faster."""
PROBE = 1024
"""Clips from which the density is estimated."""


def exceeds_density(log_kernel: LogKernel) -> bool:
    """Whether the density of the first clips is above 2 * MAX_DENSITY; the same on every rank.

    Twice, because the density falls while the potentials are solved for.
    """
    counts = torch.zeros(2, dtype=torch.int64)  # entries, entries that are not negligible
    rows = min(log_kernel.rows, max(0, PROBE - first_row(log_kernel.rows, log_kernel.device)))
    if rows:
        block = next(iter(log_kernel.blocks()))[:rows].numpy()
        buffers = np.empty(block.size, np.int32), np.empty(block.size, np.float32)
        offset = np.zeros(log_kernel.clusters, np.float32)
        _, columns, *_ = truncate_rows(block, offset, *buffers, 0, rows)
        counts += torch.tensor([block.size, len(columns)])
    entries, stored = all_sum(counts).tolist()
    return bool(stored > 2 * MAX_DENSITY * entries)


class TruncatedKernel:
    """Sparse rows of exp(log_kernel + log_alpha), made in one pass over the log kernel.

    Parameters
    ----------
    log_kernel : LogKernel
        Log kernel of this rank's rows, float32 on a CPU.
    log_alpha : numpy.ndarray
        (K,) float64, log potentials of the columns.

    Attributes
    ----------
    full_marginals : numpy.ndarray
        (K,) float64, column marginals at `log_alpha`, of the whole kernel.
    labels : Tensor
        (n,) int64, argmax_k Q[n, k] at `log_alpha`, of the whole kernel.
    density : float
        Fraction of the kernel's entries that are stored, over all ranks.
    is_sparse : bool
        Whether the density is at most MAX_DENSITY. If not, the pass ended early: the kernel cannot
        be used, and `density` is a lower bound.

    Raises
    ------
    ValueError
        On every rank, if an entry of the log kernel is NaN or infinity.
    """

    def __init__(self, log_kernel: LogKernel, log_alpha: np.ndarray) -> None:
        self.clusters = log_kernel.clusters
        counts = torch.tensor([log_kernel.rows, 0, 0])  # rows, stored entries, invalid blocks
        entries = int(all_sum(counts[:1].clone())) * self.clusters
        offset = log_alpha.astype(np.float32)
        block_size = min(BLOCK, log_kernel.rows) * self.clusters
        buffers = np.empty(block_size, np.int32), np.empty(block_size, np.float32)
        # An upper bound; pages that are never written to take no memory.
        capacity = min(log_kernel.rows * self.clusters, int(MAX_DENSITY * entries) + block_size)
        self.columns, self.values = np.empty(capacity, np.int32), np.empty(capacity, np.float32)
        rows: list[tuple[np.ndarray, ...]] = []
        used = 0
        for block in log_kernel.blocks():
            if not is_valid(block):
                counts[2] += 1
                continue
            work = partial(truncate_rows, block.numpy(), offset, *buffers)
            for lengths, columns, values, labels, units in in_threads(work, len(block)):
                end = used + len(columns)
                self.columns[used:end], self.values[used:end] = columns, values
                rows.append((lengths, labels, units))
                used = end
            if used > MAX_DENSITY * entries:
                break  # already too dense, whatever the other ranks store
        counts[1] = used
        self.first_row = first_row(log_kernel.rows, log_kernel.device)
        self.clips, stored, invalid = all_sum(counts).tolist()
        if invalid:
            raise ValueError("the log kernel holds NaN or infinity")
        self.density = stored / max(1, entries)
        self.is_sparse = self.density <= MAX_DENSITY
        empty = np.empty(0, np.int64)
        self.starts = np.concatenate([[0], np.concatenate([empty, *(r[0] for r in rows)]).cumsum()])
        self.labels = torch.from_numpy(np.concatenate([empty, *(r[1] for r in rows)]))
        units = sum((r[2] for r in rows), np.zeros(self.clusters, np.int64))
        self.full_marginals = marginals_of_units(torch.from_numpy(units), torch.float32, self.clips)

    def marginals(self, shift: np.ndarray) -> np.ndarray:
        """Column marginals of Q with potentials log_alpha + shift: (K,) float64."""
        units = self._sum_in_threads(truncated_marginals, np.exp(shift).astype("f4"))
        return marginals_of_units(units, torch.float32, self.clips)

    def gram(self, shift: np.ndarray) -> np.ndarray:
        """Mean of q[n, i] * q[n, j] with potentials log_alpha + shift: (K, K) float64."""
        units = self._sum_in_threads(truncated_gram, np.exp(shift).astype("f4"), self.first_row)
        return gram_of_units(units, self.clips)

    def _sum_in_threads(self, loop: Callable[..., np.ndarray], *arguments: object) -> Tensor:
        work = partial(loop, self.starts, self.columns, self.values, *arguments)
        return torch.from_numpy(sum(in_threads(work, len(self.starts) - 1)))
