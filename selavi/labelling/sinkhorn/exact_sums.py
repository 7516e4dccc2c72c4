"""Exact sums over clips: the same bits for any order of the clips, threads and ranks.

Each entry of a row of N Q, a probability, is rounded to an integer number of units before it is
added; integer sums do not depend on their order. In float32, rounding changes a column marginal by
less than K * 2 ** -25 of the mean marginal.
"""

import numpy as np
import torch
from torch import Tensor

from selavi.engine.process_group import all_sum
from selavi.labelling.sinkhorn.kernel_sums import COARSE, UNITS


def marginals_of_units(units: Tensor, dtype: torch.dtype, clips: int) -> np.ndarray:
    """Column marginals of Q over all ranks.

    Parameters
    ----------
    units : Tensor
        (K,) int64, sums over this rank's rows; overwritten.
    dtype : torch.dtype
        Of the kernel: determines the size of a unit.
    clips : int
        N, over all ranks.

    Returns
    -------
    numpy.ndarray
        (K,) float64.
    """
    return all_sum(units).cpu().numpy() / (UNITS[dtype] * clips)


def gram_of_units(units: Tensor, clips: int) -> np.ndarray:
    """Mean over the clips of all ranks of q[n, i] * q[n, j], where q = N Q.

    Parameters
    ----------
    units : Tensor
        (K, K) int64, each pair of clusters on one side of the diagonal; overwritten.
    clips : int
        N, over all ranks.

    Returns
    -------
    numpy.ndarray
        (K, K) float64, symmetric.
    """
    triangle = all_sum(units).cpu().numpy() / (COARSE**2 * clips)
    return triangle + triangle.T - np.diag(np.diag(triangle))
