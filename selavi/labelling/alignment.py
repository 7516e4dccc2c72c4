"""Modality alignment: renumber the audio heads' clusters to agree with the video heads'."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from selavi.labelling.collectives import all_sum


def best_permutation(p_video: Tensor, p_audio: Tensor) -> Tensor:
    """The exact minimum of sum over n, k of |p_video[n, k] - p_audio[n, order[k]]|.

    Parameters
    ----------
    p_video, p_audio : (n, K) probabilities of this rank's rows.

    Returns
    -------
    order : (K,) int64, the audio cluster that plays the part of video cluster k.
    """
    cost = all_sum(torch.cdist(p_video.T.contiguous(), p_audio.T.contiguous(), p=1.0))
    rows, columns = linear_sum_assignment(cost.double().cpu().numpy())
    assert (rows == range(len(cost))).all()
    return torch.from_numpy(columns).to(p_video.device)
