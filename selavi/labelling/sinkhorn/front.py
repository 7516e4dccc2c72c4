"""Assign clips to clusters of prescribed sizes: the optimal transport of the paper's section 3.1.

Per head, the kernel is M = exp(log_kernel), N x K, with
    log_kernel[n, k] = lambda * mean over modalities of log p[n, k].
The transport plan is Q = diag(beta) M diag(alpha): its rows sum to 1/N, its columns to the
marginals r. The label of clip n is argmax_k Q[n, k].

Potentials stay in the log domain, so that confident posteriors neither under- nor overflow in
float32. Only log_alpha is stored: log_beta[n] = -log N - logsumexp_k(log_kernel[n] + log_alpha), so
row sums are exact by construction, and the error of a solution is in its columns alone.

Each rank holds the rows that it computed. Ranks exchange integer sums over clusters, so labels and
potentials have the same bits for any distribution of the clips over ranks and threads.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from selavi.engine.process_group import all_max
from selavi.labelling.sinkhorn.dense import MAX_SHIFT as DENSE_MAX_SHIFT
from selavi.labelling.sinkhorn.dense import DenseKernel
from selavi.labelling.sinkhorn.kernel_rows import LOWEST
from selavi.labelling.sinkhorn.log_kernel import LogKernel, MatrixLogKernel
from selavi.labelling.sinkhorn.solver import Target, solve
from selavi.labelling.sinkhorn.truncated import MAX_SHIFT as TRUNCATED_MAX_SHIFT
from selavi.labelling.sinkhorn.truncated import TruncatedKernel, exceeds_density

MAX_TRUNCATIONS = 8  # passes over the log kernel before "auto" falls back to the dense solver

Solver = Literal["auto", "dense", "truncated"]


@dataclass(frozen=True)
class SinkhornOutput:
    """Solution of one optimal-transport problem.

    Attributes
    ----------
    labels : Tensor
        (n,) int64, cluster of each row of this rank.
    log_alpha : Tensor
        (K,) float64, log potentials of the columns, up to a constant.
    iterations : int
        Evaluations of the column marginals, not counting passes over the log kernel.
    marginal_error : float
        Largest relative error of a column marginal, max_k |sum_n Q[n, k] / r[k] - 1|, of the
        whole kernel.
    converged : bool
        Whether `marginal_error` is within the tolerance.
    solver : {"dense", "truncated"}
        The solver that gave the labels.
    density : float
        Fraction of the kernel's entries that this solver iterated on; 1 if dense.
    """

    labels: Tensor
    log_alpha: Tensor
    iterations: int
    marginal_error: float
    converged: bool
    solver: Literal["dense", "truncated"]
    density: float


def sinkhorn(
    log_kernel: LogKernel | Tensor,
    marginals: Tensor,
    tolerance: float = 1e-3,
    max_iterations: int = 2000,
    solver: Solver = "auto",
    power: float = 1.0,
) -> SinkhornOutput:
    """Solve the optimal transport of clips to clusters.

    Parameters
    ----------
    log_kernel : LogKernel or Tensor
        Log kernel of this rank's rows; a tensor is (n, K) float32 or float64. n may be 0 on some
        ranks. Ranks hold contiguous rows, in the order of the ranks.
    marginals : Tensor
        (K,) column marginals r, positive, sum 1; the same on every rank.
    tolerance : float
        Largest relative error of a column marginal at convergence. The criterion does not depend
        on N.
    max_iterations : int
        Stop after this many evaluations of the column marginals, converged or not.
    solver : {"auto", "dense", "truncated"}
        "truncated" iterates on the entries that are not negligible, and takes the marginal error
        and the labels from a last pass over the whole kernel. "dense" holds one N x K matrix.
        "auto" is "truncated" for float32 on a CPU, and "dense" for float64, on a GPU, if more than
        about a tenth of the entries count, or if the truncated solver does not converge.
    power : float
        In (0, 1]. Less than 1 relaxes the column marginals, see `Target`; then their error is by
        how much they differ, relative to r, from those of a solution with the same potentials.

    Returns
    -------
    SinkhornOutput
        Labels, potentials and how well they fit the marginals.

    Raises
    ------
    ValueError
        On every rank, if an entry of the log kernel is NaN or infinity (minus infinity is allowed).

    Notes
    -----
    A constant added to a row of the log kernel changes nothing, nor does the number of ranks.
    """
    if isinstance(log_kernel, Tensor):
        log_kernel = MatrixLogKernel(log_kernel)
    target = Target(marginals.double().cpu().numpy(), power)
    if solver == "auto" and (
        log_kernel.device.type != "cpu"
        or log_kernel.dtype != torch.float32
        or exceeds_density(log_kernel)
    ):
        solver = "dense"
    log_alpha, iterations = np.zeros_like(target.r), 0
    if solver != "dense":
        result = _truncated(log_kernel, target, tolerance, max_iterations)
        if isinstance(result, SinkhornOutput):
            return result
        log_alpha, iterations = result
    return _dense(log_kernel, target, tolerance, max_iterations, log_alpha, iterations)


def _truncated(
    log_kernel: LogKernel, target: Target, tolerance: float, max_iterations: int
) -> SinkhornOutput | tuple[np.ndarray, int]:
    """The solution, or the potentials and iterations from which the dense solver continues."""
    log_alpha, iterations = np.zeros_like(target.r), 0
    for number in range(MAX_TRUNCATIONS):
        kernel = TruncatedKernel(log_kernel, log_alpha)
        if not kernel.is_sparse:
            break
        error = target.error(target.at(log_alpha) - kernel.full_marginals)
        converged = error <= tolerance
        if converged or iterations >= max_iterations:
            return SinkhornOutput(
                labels=kernel.labels,
                log_alpha=torch.from_numpy(log_alpha),
                iterations=iterations,
                marginal_error=error,
                converged=converged,
                solver="truncated",
                density=kernel.density,
            )
        if number == 0 and not kernel.full_marginals.all():
            log_alpha = log_alpha + _rise_of_empty_columns(log_kernel, log_alpha)
            continue
        # Stricter than the tolerance: a margin for the entries that the kernel omits.
        left = max_iterations - iterations
        solution = solve(kernel, target, log_alpha, 0.9 * tolerance, left, TRUNCATED_MAX_SHIFT)
        log_alpha, iterations = log_alpha + solution.shift, iterations + solution.iterations
    return log_alpha, iterations


def _dense(
    log_kernel: LogKernel,
    target: Target,
    tolerance: float,
    max_iterations: int,
    log_alpha: np.ndarray,
    iterations: int,
) -> SinkhornOutput:
    may_be_empty = not log_alpha.any()
    while True:
        kernel = DenseKernel(log_kernel, log_alpha)
        if may_be_empty and not kernel.full_marginals.all():
            log_alpha = log_alpha + _rise_of_empty_columns(log_kernel, log_alpha)
            may_be_empty = False
            continue
        left = max_iterations - iterations
        solution = solve(kernel, target, log_alpha, tolerance, left, DENSE_MAX_SHIFT)
        log_alpha, iterations = log_alpha + solution.shift, iterations + solution.iterations
        converged = solution.marginal_error <= tolerance
        if converged or iterations >= max_iterations:
            return SinkhornOutput(
                labels=kernel.labels(solution.shift),
                log_alpha=torch.from_numpy(log_alpha),
                iterations=iterations,
                marginal_error=solution.marginal_error,
                converged=converged,
                solver="dense",
                density=1.0,
            )
        del kernel  # at most one N x K matrix in memory


def _rise_of_empty_columns(log_kernel: LogKernel, log_alpha: np.ndarray) -> np.ndarray:
    """(K,) to add to log_alpha: brings the best entry of each empty column level with its row's.

    A column without mass has no gradient: neither Sinkhorn-Knopp nor Newton could fill it.
    """
    offset = torch.from_numpy(log_alpha).to(log_kernel.device)
    best = torch.full_like(offset, -torch.inf)
    for block in log_kernel.blocks():
        rows = block.double().clamp(min=LOWEST) + offset
        best = torch.maximum(best, (rows - rows.amax(1, keepdim=True)).amax(0))
    gap: np.ndarray = all_max(best).cpu().numpy()
    return np.where(gap < np.log(2.0**-25), -gap, 0.0)
