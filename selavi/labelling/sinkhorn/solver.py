"""Find the potentials that give every cluster its share: Sinkhorn-Knopp, and Newton where slow.

Sinkhorn-Knopp climbs the concave dual F(alpha) = r'alpha - mean_n log sum_k exp(score + alpha),
whose gradient is r - mass. On posteriors as sharp as lambda = 20 makes them it takes hundreds to
thousands of iterations, for clusters exchange clips only through the few that lie between them.
Newton's step has the same fixed point and takes the exchange into account: the Hessian is the
Laplacian of the graph of clusters with weights mean_n q[n, i] q[n, j].
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from selavi.compiled import compiled

NEWTON_CLUSTERS = 2048  # above, a K x K matrix costs more than the iterations it saves
SLOW = 0.5  # Newton takes over where an iteration leaves more than this of the error
STEP = 6.0  # largest change of a log potential at once, until longer steps have proved good
DAMPING = 1e-8  # clusters that exchange no clip at all move by no more than steps allow


class Kernel(Protocol):
    """Rows of exp(score + alpha) for some alpha, over all ranks.

    full_masses : (K,) float64, each cluster's share of the clips at alpha, by the full kernel.
    """

    full_masses: np.ndarray

    def masses(self, shift: np.ndarray) -> np.ndarray:
        """Each cluster's share of the clips with potentials alpha + shift: (K,) float64."""
        ...

    def coupling(self, shift: np.ndarray) -> np.ndarray:
        """Mean of q[n, i] * q[n, j] with potentials alpha + shift: (K, K) float64."""
        ...


@dataclass(frozen=True)
class Balance:
    """shift : (K,) float64, to add to alpha. deviation : largest |mass / share - 1|."""

    shift: np.ndarray
    iterations: int
    deviation: float


def deviation_of(masses: np.ndarray, shares: np.ndarray) -> float:
    """Largest |mass / share - 1| over clusters: does not depend on the number of clips."""
    return float(np.abs(masses / shares - 1).max())


def balance(
    kernel: Kernel, shares: np.ndarray, tolerance: float, iterations: int, reach: float
) -> Balance:
    """Iterate until every cluster is within `tolerance` of its share.

    iterations : how many evaluations of the masses are allowed.
    reach : stop, too, when a log potential has moved by more: the kernel no longer serves.

    Notes
    -----
    F rises all along a step if its slope is not yet negative at the end: steps that go too far are
    shortened until that nearly holds. A Sinkhorn-Knopp iteration needs no such test.
    """
    shift = np.zeros_like(shares)
    gap = shares - kernel.full_masses
    done, slow, longest, fraction = 1, False, STEP, 1.0
    direction = gap
    while (
        deviation_of(shares - gap, shares) > tolerance
        and done < iterations
        and np.abs(shift).max() <= reach
    ):
        newton = slow and len(shares) <= NEWTON_CLUSTERS
        if fraction == 1:
            direction = _sinkhorn_step(gap, shares)
            if newton:
                rises = _newton_step(kernel.coupling(shift), gap, shares).clip(-longest, longest)
                direction = rises if rises @ gap > 0 else direction
        trial = _centred(shift + fraction * direction, shares)
        trial_gap = shares - kernel.masses(trial)
        done += 1
        slope, trial_slope = direction @ gap, direction @ trial_gap
        shrunk = np.abs(trial_gap).sum() < SLOW * np.abs(gap).sum()
        if newton and trial_slope < -0.1 * slope and not shrunk and fraction > 1e-3:
            fraction *= max(0.1, slope / (slope - trial_slope))
            continue
        if newton:
            longest = min(2 * longest, reach) if trial_slope > 0.5 * slope else STEP
        slow = newton or not shrunk
        shift, gap, fraction = trial, trial_gap, 1.0
    return Balance(shift, done, deviation_of(shares - gap, shares))


def _sinkhorn_step(gap: np.ndarray, shares: np.ndarray) -> np.ndarray:
    masses = np.maximum(shares - gap, 1e-9 * shares)
    return np.log(shares / masses).clip(-STEP, STEP)


def _centred(shift: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A constant added to all potentials changes nothing; this one keeps them small."""
    return shift - (shift * shares).sum()


def _newton_step(coupling: np.ndarray, gap: np.ndarray, shares: np.ndarray) -> np.ndarray:
    masses, squares = shares - gap, np.diag(coupling)
    laplacian = np.diag(squares) - coupling
    degrees = -laplacian.sum(1)
    # Rows that coupling() passed over: the Hessian's diagonal is known without them.
    missed = np.where(degrees < 0.5 * (masses - squares), masses - squares - degrees, 0.0)
    laplacian += np.diag(degrees + missed + DAMPING * shares)
    # Rounding leaves the gaps a sum that no step can close.
    return _centred(solve(laplacian, gap - shares * gap.sum()), shares)


@compiled
def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve with a positive definite matrix, which is overwritten (Cholesky).

    Our own: LAPACK's last bits hang on the number of threads, and labels would with them.
    """
    size = len(right)
    x = right.copy()
    for i in range(size):
        for j in range(i):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = total / matrix[j, j]
        total = matrix[i, i]
        known = x[i]
        for k in range(i):
            total -= matrix[i, k] * matrix[i, k]
            known -= matrix[i, k] * x[k]
        matrix[i, i] = np.sqrt(max(total, 1e-300))
        x[i] = known / matrix[i, i]
    for i in range(size - 1, -1, -1):
        x[i] /= matrix[i, i]
        for k in range(i):
            x[k] -= matrix[i, k] * x[i]
    return x
