"""The kernel's entries that count, kept row by row: no N x K matrix exists.

With potentials alpha, an entry less than 2 ** -25 of its row's largest rounds to no unit of mass
(masses.py): left out, it changes nothing. What a trained network and lambda = 20 leave is a few
entries of each row.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from selavi.compiled import in_threads
from selavi.engine.process_group import all_sum, first_row
from selavi.labelling.sinkhorn.exact_sums import shared_coupling, shared_masses
from selavi.labelling.sinkhorn.kernels import keep, truncated_coupling, truncated_masses
from selavi.labelling.sinkhorn.log_kernel import BLOCK, Scores, sound

REACH = 12.0
"""Potentials that moved by more may have woken too many entries that were left out."""
WORTHWHILE = 0.15
"""Where a larger share of the kernel counts, dense rows are read faster."""
PROBE = 1024
"""Clips that tell whether it is worth trying."""


def mostly_counts(scores: Scores) -> bool:
    """Whether twice as many entries count as would be worthwhile, of the first clips of all."""
    facts = torch.zeros(2, dtype=torch.int64)  # entries, and those that count
    rows = min(scores.rows, max(0, PROBE - first_row(scores.rows, scores.device)))
    if rows:
        block = next(iter(scores.blocks()))[:rows].numpy()
        room = np.empty(block.size, np.int32), np.empty(block.size, np.float32)
        found = keep(block, np.zeros(scores.clusters, np.float32), *room, 0, rows)
        facts += torch.tensor([block.size, len(found[1])])
    entries, kept = all_sum(facts).tolist()
    return bool(kept > 2 * WORTHWHILE * entries)


class TruncatedKernel:
    """One pass over all scores: the entries that count, and what the full kernel says at `alpha`.

    Attributes
    ----------
    full_masses : (K,) float64, each cluster's share of the clips by the full kernel.
    labels : (n,) int64, largest entry of each row of the full kernel.
    kept : share of the kernel's entries that count, over all ranks.
    worthwhile : False if that is too large; rows are then missing, and `kept` is too low.

    Raises
    ------
    ValueError, on every rank, if a score is not a number.
    """

    def __init__(self, scores: Scores, alpha: np.ndarray) -> None:
        self.clusters = scores.clusters
        counts = torch.tensor([scores.rows, 0, 0])  # rows, entries kept, blocks that are unsound
        entries = int(all_sum(counts[:1].clone())) * self.clusters
        offset = alpha.astype(np.float32)
        size = min(BLOCK, scores.rows) * self.clusters
        room = np.empty(size, np.int32), np.empty(size, np.float32)
        # Memory is taken where it is written to, no sooner.
        most = min(scores.rows * self.clusters, int(WORTHWHILE * entries) + size)
        self.columns, self.values = np.empty(most, np.int32), np.empty(most, np.float32)
        parts: list[tuple[np.ndarray, ...]] = []
        used = 0
        for block in scores.blocks():
            if not sound(block):
                counts[2] += 1
                continue
            work = partial(keep, block.numpy(), offset, *room)
            for lengths, columns, values, labels, units in in_threads(work, len(block)):
                end = used + len(columns)
                self.columns[used:end], self.values[used:end] = columns, values
                parts.append((lengths, labels, units))
                used = end
            if used > WORTHWHILE * entries:
                break  # this rank alone settles it
        counts[1] = used
        self.origin = first_row(scores.rows, scores.device)
        self.clips, kept, unsound = all_sum(counts).tolist()
        if unsound:
            raise ValueError("log-probabilities to label from are not numbers")
        self.kept = kept / max(1, entries)
        self.worthwhile = self.kept <= WORTHWHILE
        none = np.empty(0, np.int64)
        self.starts = np.concatenate([[0], np.concatenate([none, *(p[0] for p in parts)]).cumsum()])
        self.labels = torch.from_numpy(np.concatenate([none, *(p[1] for p in parts)]))
        total = sum((p[2] for p in parts), np.zeros(self.clusters, np.int64))
        self.full_masses = shared_masses(torch.from_numpy(total), torch.float32, self.clips)

    def masses(self, shift: np.ndarray) -> np.ndarray:
        """Each cluster's share of the clips with potentials alpha + shift: (K,) float64."""
        units = self._add_up(truncated_masses, np.exp(shift).astype("f4"))
        return shared_masses(units, torch.float32, self.clips)

    def coupling(self, shift: np.ndarray) -> np.ndarray:
        """Mean of q[n, i] * q[n, j]: (K, K) float64."""
        units = self._add_up(truncated_coupling, np.exp(shift).astype("f4"), self.origin)
        return shared_coupling(units, self.clips)

    def _add_up(self, loop: Callable[..., np.ndarray], *arguments: object) -> Tensor:
        work = partial(loop, self.starts, self.columns, self.values, *arguments)
        return torch.from_numpy(sum(in_threads(work, len(self.starts) - 1)))
