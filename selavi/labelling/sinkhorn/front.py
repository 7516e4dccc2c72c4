"""Sinkhorn-Knopp: the optimal-transport assignment of clips to clusters of given sizes.

For one head, M = exp(score) is the kernel (N x K) with score = lambda * mean over modalities of
log p[n, k]. Q = diag(beta) M diag(alpha) has rows that sum to 1/N and columns that sum to the
shares r; the label of a clip is the largest entry of its row of Q (paper, section 3.1).

Rows live on the rank that computed them; ranks exchange sums of integers over clusters, so that
labels are the same, bit for bit, however the clips are shared out. Potentials are kept in the log
domain: confident posteriors neither under- nor overflow in float32.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from selavi.engine.process_group import all_max
from selavi.labelling.sinkhorn.dense import REACH as DENSE_REACH
from selavi.labelling.sinkhorn.dense import DenseKernel
from selavi.labelling.sinkhorn.kernels import LOWEST
from selavi.labelling.sinkhorn.log_kernel import Matrix, Scores
from selavi.labelling.sinkhorn.solver import balance, deviation_of
from selavi.labelling.sinkhorn.truncated import REACH as TRUNCATED_REACH
from selavi.labelling.sinkhorn.truncated import TruncatedKernel, mostly_counts

PASSES = 8  # over all scores, before the truncated way is given up

Way = Literal["auto", "dense", "truncated"]


@dataclass(frozen=True)
class Assignment:
    """What Sinkhorn-Knopp found.

    labels : (n,) int64, cluster of each local row.
    alpha : (K,) float64, log potentials of the columns.
    iterations : how often the clusters' masses were evaluated, but for passes over all scores.
    deviation : largest |column mass / share - 1| after them, by the full kernel.
    way : whether the whole kernel was iterated on or its entries that count.
    kept : share of the kernel's entries iterated on.
    """

    labels: Tensor
    alpha: Tensor
    iterations: int
    deviation: float
    way: Literal["dense", "truncated"]
    kept: float


def sinkhorn(
    scores: Scores | Tensor,
    shares: Tensor,
    tolerance: float = 1e-3,
    max_iterations: int = 2000,
    way: Way = "auto",
) -> Assignment:
    """Assign rows to clusters of the given shares.

    Parameters
    ----------
    scores : log kernel of this rank's rows, (n, K) float32 or float64 if a tensor; n may be 0 on
        some ranks. Ranks hold contiguous rows, in the order of the ranks.
    shares : (K,) positive, sum 1, the same on every rank.
    tolerance : stop when every column's mass is within this share of its target. The criterion does
        not depend on N.
    way : "truncated" iterates on the entries that count, then looks at the full kernel: that last
        pass gives the deviation and the labels. "dense" holds one N x K matrix. "auto" takes the
        first, and the second where more than about a tenth of the entries count, where the first
        does not come to rest, in float64, and on a GPU.

    Raises
    ------
    ValueError, on every rank, if a score is not a number.

    Notes
    -----
    Adding a constant to a row of `scores` changes nothing, nor does the number of ranks.
    """
    scores = Matrix(scores) if isinstance(scores, Tensor) else scores
    target = shares.double().cpu().numpy()
    if way == "auto" and (
        scores.device.type != "cpu" or scores.dtype != torch.float32 or mostly_counts(scores)
    ):
        way = "dense"
    alpha, done = np.zeros_like(target), 0
    if way != "dense":
        found = _truncated(scores, target, tolerance, max_iterations)
        if isinstance(found, Assignment):
            return found
        alpha, done = found
    return _dense(scores, target, tolerance, max_iterations, alpha, done)


def _truncated(
    scores: Scores, target: np.ndarray, tolerance: float, last: int
) -> Assignment | tuple[np.ndarray, int]:
    """The assignment, or the potentials and iterations to go on from on the whole kernel."""
    alpha, done = np.zeros_like(target), 0
    for number in range(PASSES):
        kernel = TruncatedKernel(scores, alpha)
        if not kernel.worthwhile:
            break
        deviation = deviation_of(kernel.full_masses, target)
        if deviation <= tolerance or done >= last:
            found = torch.from_numpy(alpha)
            return Assignment(kernel.labels, found, done, deviation, "truncated", kernel.kept)
        if number == 0 and not kernel.full_masses.all():
            alpha = alpha + _lift(scores, alpha)
            continue
        # A little beyond the tolerance, for what the kernel leaves out.
        step = balance(kernel, target, 0.9 * tolerance, last - done, TRUNCATED_REACH)
        alpha, done = alpha + step.shift, done + step.iterations
    return alpha, done


def _dense(
    scores: Scores, target: np.ndarray, tolerance: float, last: int, alpha: np.ndarray, done: int
) -> Assignment:
    lifted = bool(alpha.any())
    while True:
        kernel = DenseKernel(scores, alpha)
        if not lifted and not kernel.full_masses.all():
            alpha, lifted = alpha + _lift(scores, alpha), True
            continue
        step = balance(kernel, target, tolerance, last - done, DENSE_REACH)
        alpha, done = alpha + step.shift, done + step.iterations
        if step.deviation <= tolerance or done >= last:
            labels = kernel.labels(step.shift)
            return Assignment(labels, torch.from_numpy(alpha), done, step.deviation, "dense", 1.0)
        del kernel  # never two at once


def _lift(scores: Scores, alpha: np.ndarray) -> np.ndarray:
    """What raises each cluster that holds no mass until one clip is on the point of choosing it."""
    offset = torch.from_numpy(alpha).to(scores.device)
    best = torch.full_like(offset, -torch.inf)
    for block in scores.blocks():
        rows = block.double().clamp(min=LOWEST) + offset
        best = torch.maximum(best, (rows - rows.amax(1, keepdim=True)).amax(0))
    tops: np.ndarray = all_max(best).cpu().numpy()
    return np.where(tops < np.log(2.0**-25), -tops, 0.0)
