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

from selavi.labelling.loops import solve

NEWTON_CLUSTERS = 2048  # above, a K x K matrix costs more than the iterations it saves
SLOW = 0.5  # Newton takes over where an iteration leaves more than this of the error
STEP = 6.0  # largest change of a log potential at once


class Kernel(Protocol):
    """Rows of exp(score + alpha) for some alpha, over all ranks."""

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
    A Newton step is kept only if it makes the total error sum |mass - share| smaller; otherwise a
    Sinkhorn-Knopp iteration follows, which never makes it larger.
    """
    shift = np.zeros_like(shares)
    masses = kernel.masses(shift)
    error = np.abs(masses - shares).sum()
    done, slow, damping = 1, False, 1e-4
    while (
        deviation_of(masses, shares) > tolerance
        and done < iterations
        and np.abs(shift).max() <= reach
    ):
        newton = slow and len(shares) <= NEWTON_CLUSTERS
        if newton:
            step = _newton_step(kernel.coupling(shift), masses, shares, damping)
        else:
            step = np.log(shares / np.maximum(masses, 1e-9 * shares))
        trial = _centred(shift + step.clip(-STEP, STEP), shares)
        trial_masses = kernel.masses(trial)
        trial_error = np.abs(trial_masses - shares).sum()
        done += 1
        if newton and not trial_error < error:
            damping, slow = damping * 10, False
            continue
        if newton:
            damping = max(damping / 10, 1e-9)
        else:
            slow = trial_error > SLOW * error
        shift, masses, error = trial, trial_masses, trial_error
    return Balance(shift, done, deviation_of(masses, shares))


def _centred(shift: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A constant added to all potentials changes nothing; this one keeps them small."""
    return shift - (shift * shares).sum()


def _newton_step(
    coupling: np.ndarray, masses: np.ndarray, shares: np.ndarray, damping: float
) -> np.ndarray:
    squares = np.diag(coupling)
    laplacian = np.diag(squares) - coupling
    degrees = -laplacian.sum(1)
    # Rows that coupling() passed over: the Hessian's diagonal is known without them.
    missed = np.where(degrees < 0.5 * (masses - squares), masses - squares - degrees, 0.0)
    laplacian += np.diag(degrees + missed + damping * shares)
    return solve(laplacian, shares - masses)
