"""Exact sums over clips: the same bits whatever the order, the threads and the processes.

Each entry of a row of N Q, a probability, is rounded to a whole number of units before it is added
up; sums of integers do not depend on their order. The unit is so small that rounding moves a
cluster's mass by less than K * 2 ** -25 of the mean in float32.
"""

import numpy as np
import torch
from torch import Tensor

from selavi.engine.process_group import all_sum
from selavi.labelling.sinkhorn.kernels import COARSE, UNITS


def shared_masses(units: Tensor, dtype: torch.dtype, clips: int) -> np.ndarray:
    """Share of the clips that each cluster holds, over all ranks: (K,) float64.

    units : (K,) int64, what this rank's rows add up to; changed in place.
    """
    return all_sum(units).cpu().numpy() / (UNITS[dtype] * clips)


def shared_coupling(units: Tensor, clips: int) -> np.ndarray:
    """Mean over the clips of all ranks of q[n, i] * q[n, j]: (K, K) float64.

    units : (K, K) int64, each pair of clusters once, above the diagonal or below; changed in place.
    """
    once = all_sum(units).cpu().numpy() / (COARSE**2 * clips)
    return once + once.T - np.diag(np.diag(once))
