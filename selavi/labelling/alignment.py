"""Modality alignment: renumber the clusters of an audio head to match those of the video head."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from selavi.compiled import compiled, in_threads
from selavi.engine.process_group import all_sum
from selavi.labelling.sinkhorn.kernel_sums import UNITS


def best_permutation(
    blocks: Iterable[tuple[Tensor, Tensor]], clusters: int, device: torch.device
) -> Tensor:
    """Minimise the sum over n, k of |p_video[n, k] - p_audio[n, permutation[k]]|, exactly.

    Since |a - b| = a + b - 2 min(a, b) and the sums of a and of b are the same for every
    permutation, this is a linear assignment that maximises the sums of min(a, b). Probabilities are
    rounded to multiples of 2 ** -24: integer sums are the same for any distribution of the clips.

    Parameters
    ----------
    blocks : iterable of (Tensor, Tensor)
        p_video and p_audio of this rank's rows, block by block, each (n, K) float32.
    clusters : int
        K.
    device : torch.device
        Where ranks exchange sums.

    Returns
    -------
    Tensor
        (K,) int64, the audio cluster that corresponds to each video cluster.
    """
    overlaps = np.zeros((clusters, clusters), np.int64)
    for p_video, p_audio in blocks:
        work = partial(overlap, _units(p_video), _units(p_audio))
        overlaps += np.concatenate(in_threads(work, clusters))
    total = all_sum(torch.from_numpy(overlaps).to(device)).cpu().numpy()
    video, audio = linear_sum_assignment(total.astype(np.float64), maximize=True)
    assert (video == np.arange(clusters)).all()
    return torch.from_numpy(audio).to(device)


def _units(probabilities: Tensor) -> np.ndarray:
    units: np.ndarray = (probabilities * UNITS[torch.float32]).round().int().cpu().numpy()
    return units


@compiled
def overlap(video: np.ndarray, audio: np.ndarray, first: int, last: int) -> np.ndarray:
    """Sum over rows n of min(video[n, i], audio[n, j]) for i from first to last.

    Parameters
    ----------
    video, audio : numpy.ndarray
        (n, K) int32, probabilities in units of 2 ** -24.
    first, last : int
        Video clusters to compute.

    Returns
    -------
    numpy.ndarray
        (last - first, K) int64.
    """
    rows, clusters = video.shape
    units = np.zeros((last - first, clusters), np.int64)
    subtotal = np.zeros(clusters, np.int32)  # over 32 rows: at most 2 ** 29
    for start in range(0, rows, 32):
        for i in range(first, last):
            for n in range(start, min(start + 32, rows)):
                p_video = video[n, i]
                for j in range(clusters):
                    p_audio = audio[n, j]
                    subtotal[j] += p_video if p_video < p_audio else p_audio
            for j in range(clusters):
                units[i - first, j] += subtotal[j]
                subtotal[j] = 0
    return units
