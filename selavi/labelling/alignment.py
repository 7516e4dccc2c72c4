"""Modality alignment: renumber the audio heads' clusters to agree with the video heads'."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from selavi.compiled import in_threads
from selavi.engine.process_group import all_sum
from selavi.labelling.sinkhorn.kernels import UNITS, overlap


def best_permutation(
    blocks: Iterable[tuple[Tensor, Tensor]], clusters: int, device: torch.device
) -> Tensor:
    """The exact minimum of sum over n, k of |p_video[n, k] - p_audio[n, order[k]]|.

    |a - b| = a + b - 2 min(a, b), and every order has the same sums of a and of b: the best one has
    the largest overlap. Probabilities are rounded to 2 ** -24, so that sums are exact and the order
    is the same however the clips are shared out.

    Parameters
    ----------
    blocks : (n, K) probabilities of this rank's rows by video and by audio, block by block.
    device : where ranks exchange sums.

    Returns
    -------
    order : (K,) int64, the audio cluster that plays the part of video cluster k.
    """
    shared = np.zeros((clusters, clusters), np.int64)
    for p_video, p_audio in blocks:
        work = partial(overlap, _units(p_video), _units(p_audio))
        shared += np.concatenate(in_threads(work, clusters))
    total = all_sum(torch.from_numpy(shared).to(device)).cpu().numpy()
    rows, columns = linear_sum_assignment(total.astype(np.float64), maximize=True)
    assert (rows == np.arange(clusters)).all()
    return torch.from_numpy(columns).to(device)


def _units(probabilities: Tensor) -> np.ndarray:
    units: np.ndarray = (probabilities * UNITS[torch.float32]).round().int().cpu().numpy()
    return units
