"""Find the column potentials: Sinkhorn-Knopp iterations, Newton steps where these are slow.

Sinkhorn-Knopp ascends the concave dual
    F(log_alpha) = r' log_alpha - mean_n logsumexp_k(log_kernel[n] + log_alpha),
whose gradient is r minus the column marginals. At lambda = 20 posteriors are so sharp that it takes
hundreds to thousands of iterations: clusters exchange clips only through the few clips between
them. Newton's method has the same fixed point and models this exchange: the Hessian is minus the
Laplacian of the graph of clusters with weights mean_n q[n, i] q[n, j], where q = N Q.

With relaxed marginals (unbalanced optimal transport: Chizat, Peyre, Schmitzer and Vialard, "Scaling
algorithms for unbalanced optimal transport problems", 2018) the columns pay
    rho * KL(column marginals | r), with rho = power / (1 - power),
and the Sinkhorn-Knopp update of alpha is raised to `power`. Then the dual has
    -rho * log(r' exp(-log_alpha / rho))
in place of r' log_alpha, and the column marginals of the solution are the softmax of
log r - log_alpha / rho.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from selavi.compiled import compiled

NEWTON_CLUSTERS = 2048  # above, a K x K matrix costs more than the iterations it saves
SLOW = 0.5  # Newton takes over if an iteration leaves more than this fraction of the error
STEP = 6.0  # largest change of a log potential per step, until longer steps have succeeded
DAMPING = 1e-8  # bounds the steps of clusters that exchange no clips


class Kernel(Protocol):
    """Rows of exp(log_kernel + log_alpha) for a fixed log_alpha, over all ranks.

    Attributes
    ----------
    full_marginals : numpy.ndarray
        (K,) float64, column marginals at log_alpha, of the whole kernel.
    """

    full_marginals: np.ndarray

    def marginals(self, shift: np.ndarray) -> np.ndarray:
        """Column marginals of Q with potentials log_alpha + shift: (K,) float64."""
        ...

    def gram(self, shift: np.ndarray) -> np.ndarray:
        """Mean of q[n, i] * q[n, j] with potentials log_alpha + shift: (K, K) float64."""
        ...


@dataclass(frozen=True)
class Target:
    """Column marginals that a solution has to have.

    Attributes
    ----------
    r : numpy.ndarray
        (K,) float64, prescribed column marginals, positive, sum 1.
    power : float
        In (0, 1]. 1: the marginals are r. Less: they may leave r, and the more the less it is.
    """

    r: np.ndarray
    power: float = 1.0

    @property
    def give(self) -> float:
        """1 / rho, 0 if marginals are prescribed."""
        return (1 - self.power) / self.power

    def at(self, log_alpha: np.ndarray) -> np.ndarray:
        """Marginals of a solution with these potentials: (K,) float64, sum 1."""
        if self.power == 1:
            return self.r
        log_t = np.log(self.r) - self.give * log_alpha
        t: np.ndarray = np.exp(log_t - log_t.max())
        return t / t.sum()

    def error(self, gap: np.ndarray) -> float:
        """Largest error of a column marginal, relative to r; it does not depend on N.

        Parameters
        ----------
        gap : numpy.ndarray
            (K,) by how much each column marginal misses that of a solution.

        Returns
        -------
        float
            max_k |gap[k]| / r[k].
        """
        return float(np.abs(gap / self.r).max())


@dataclass(frozen=True)
class Solution:
    """Where the iterations ended.

    Attributes
    ----------
    shift : numpy.ndarray
        (K,) float64, to add to log_alpha.
    iterations : int
        Evaluations of the column marginals.
    marginal_error : float
        See `Target.error`.
    """

    shift: np.ndarray
    iterations: int
    marginal_error: float


def solve(
    kernel: Kernel,
    target: Target,
    log_alpha: np.ndarray,
    tolerance: float,
    max_iterations: int,
    max_shift: float,
) -> Solution:
    """Iterate until every column marginal is within the tolerance.

    Parameters
    ----------
    kernel : Kernel
        The stored kernel at log_alpha.
    target : Target
        The column marginals to reach.
    log_alpha : numpy.ndarray
        (K,) float64, log potentials of the columns.
    tolerance : float
        Largest relative error of a column marginal at convergence.
    max_iterations : int
        Largest number of evaluations of the column marginals.
    max_shift : float
        Stop also when a log potential has changed by more, since the stored kernel is then
        inaccurate.

    Returns
    -------
    Solution
        The change of log_alpha; converged if its error is within the tolerance.

    Notes
    -----
    The dual is concave, so it rises all along a step if its slope at the end is not negative.
    Newton steps that overshoot are shortened until this nearly holds; a Sinkhorn-Knopp iteration
    never decreases the dual and needs no line search.
    """
    shift = np.zeros_like(log_alpha)
    r = target.at(log_alpha)
    gap = r - kernel.full_marginals
    iterations, slow, longest, fraction = 1, False, STEP, 1.0
    direction = gap
    while (
        target.error(gap) > tolerance
        and iterations < max_iterations
        and np.abs(shift).max() <= max_shift
    ):
        newton = slow and len(r) <= NEWTON_CLUSTERS
        if fraction == 1:
            direction = target.power * _sinkhorn_step(gap, r)
            if newton:
                step = _newton_step(kernel.gram(shift), gap, r, target.give)
                step = step.clip(-longest, longest)
                direction = step if step @ gap > 0 else direction
        trial = _centred(shift + fraction * direction, r)
        trial_r = target.at(log_alpha + trial)
        trial_gap = trial_r - kernel.marginals(trial)
        iterations += 1
        slope, trial_slope = direction @ gap, direction @ trial_gap
        shrunk = np.abs(trial_gap).sum() < SLOW * np.abs(gap).sum()
        if newton and trial_slope < -0.1 * slope and not shrunk and fraction > 1e-3:
            fraction *= max(0.1, slope / (slope - trial_slope))
            continue
        if newton:
            longest = min(2 * longest, max_shift) if trial_slope > 0.5 * slope else STEP
        slow = newton or not shrunk
        shift, gap, r, fraction = trial, trial_gap, trial_r, 1.0
    return Solution(shift, iterations, target.error(gap))


def _sinkhorn_step(gap: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Change of log_alpha in the update alpha = r / (M' beta)."""
    marginals = np.maximum(r - gap, 1e-9 * r)
    return np.log(r / marginals).clip(-STEP, STEP)


def _centred(shift: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Potentials are defined up to a constant; this choice keeps them small."""
    return shift - (shift * r).sum()


def _newton_step(gram: np.ndarray, gap: np.ndarray, r: np.ndarray, give: float) -> np.ndarray:
    marginals, squares = r - gap, np.diag(gram)
    laplacian = np.diag(squares) - gram
    degrees = -laplacian.sum(1)
    # gram() samples pairs and may miss a cluster's; the Hessian's diagonal is known without them.
    missed = np.where(degrees < 0.5 * (marginals - squares), marginals - squares - degrees, 0.0)
    laplacian += np.diag(degrees + missed + DAMPING * r)
    laplacian += give * (np.diag(r) - np.outer(r, r))  # r falls as potentials rise
    # By rounding, the gaps do not sum to 0, and the Laplacian's null space cannot close the rest.
    return _centred(cholesky_solve(laplacian, gap - r * gap.sum()), r)


@compiled
def cholesky_solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric positive definite system by Cholesky factorisation.

    Not LAPACK's: its last bits, and so the labels, depend on the number of threads.

    Parameters
    ----------
    matrix : numpy.ndarray
        (K, K) float64, of which the lower triangle is used and overwritten.
    right : numpy.ndarray
        (K,) float64.

    Returns
    -------
    numpy.ndarray
        (K,) float64.
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
