"""Sinkhorn-Knopp: the optimal-transport assignment of clips to clusters of given sizes.

For one head, M = exp(score) is the kernel (N x K) with score = lambda * mean over modalities of
log p[n, k]. Q = diag(beta) M diag(alpha) has rows that sum to 1/N and columns that sum to the
shares r; the label of a clip is the largest entry of its row of Q (paper, section 3.1).

Rows live on the rank that computed them; per iteration only K-vectors cross between ranks.
Potentials are kept in the log domain: confident posteriors neither under- nor overflow in float32.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from selavi.labelling.collectives import all_max, all_sum

# Plain (multiplicative) iterations are exact while no column's factor leaves e^(+-LIMIT).
LIMIT = 30.0


@dataclass(frozen=True)
class Assignment:
    """What Sinkhorn-Knopp found.

    labels : (n,) int64, cluster of each local row.
    alpha : (K,) float64, log potentials of the columns.
    iterations : how many were made.
    deviation : largest |column mass / share - 1| after them.
    """

    labels: Tensor
    alpha: Tensor
    iterations: int
    deviation: float


def sinkhorn(
    score: Tensor, shares: Tensor, tolerance: float = 1e-3, max_iterations: int = 2000
) -> Assignment:
    """Assign the rows of `score` to clusters of the given shares.

    Parameters
    ----------
    score : (n, K) float32 or float64, log kernel of this rank's rows; n may be 0 on some ranks.
    shares : (K,) positive, sum 1, the same on every rank.
    tolerance : stop when every column's mass is within this share of its target. The criterion does
        not depend on N.

    Notes
    -----
    Adding a constant to a row of `score` changes nothing, nor does the number of ranks (up to
    rounding).
    """
    target = shares.to(score).double()
    count = all_sum(torch.tensor(float(len(score)), dtype=torch.float64, device=score.device))
    alpha = torch.zeros_like(target)
    deviation = float("inf")
    step = 0
    while step < max_iterations and deviation > tolerance:
        alpha, deviation = _log_iteration(score, alpha, target, count)
        step += 1
        if deviation > tolerance and step < max_iterations:
            alpha, deviation, step = _fast_iterations(
                score, alpha, target, count, tolerance, step, max_iterations
            )
    labels = (score + alpha.to(score)).argmax(1)
    return Assignment(labels, alpha, step, deviation)


def _log_iteration(
    score: Tensor, alpha: Tensor, target: Tensor, count: Tensor
) -> tuple[Tensor, float]:
    """One iteration in the log domain; the deviation is that of the potentials given."""
    rows = score + alpha.to(score)
    rows = rows - rows.logsumexp(1, keepdim=True)  # rows sum to 1
    top = all_max(rows.amax(0) if len(rows) else rows.new_full(alpha.shape, -torch.inf)).double()
    mass = all_sum((rows.double() - top).exp().sum(0)).log() + top - count.log()
    deviation = float(((mass - target.log()).exp() - 1).abs().max())
    return alpha + target.log() - mass, deviation


def _fast_iterations(
    score: Tensor,
    alpha: Tensor,
    target: Tensor,
    count: Tensor,
    tolerance: float,
    step: int,
    last: int,
) -> tuple[Tensor, float, int]:
    """Iterate u = r / (E' (1 / (E u))) on the kernel E with `alpha` absorbed in it.

    Hands back to the log domain when a factor of u leaves its safe range.
    """
    kernel = score + alpha.to(score)
    kernel = (kernel - kernel.amax(1, keepdim=True)).exp_() if len(kernel) else kernel
    factors = torch.ones_like(target)
    deviation = float("inf")
    while step < last and deviation > tolerance:
        rows = (kernel @ factors.to(kernel)).reciprocal_()
        mass = all_sum((rows @ kernel).double() * factors) / count
        deviation = float((mass / target - 1).abs().max())
        update = factors * target / mass
        step += 1
        if not bool(torch.isfinite(update).all()) or float(update.log().abs().max()) > LIMIT:
            return alpha + factors.log(), float("inf"), step
        factors = update
    return alpha + factors.log(), deviation, step
