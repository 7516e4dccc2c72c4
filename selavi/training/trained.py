"""The result of a training."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from selavi.models.network import Network
from selavi.settings import RunSettings
from selavi.training.history import Row


@dataclass(frozen=True)
class Trained:
    """The result of a training.

    Parameters
    ----------
    network : Network
        On the CPU, in evaluation mode.
    settings : RunSettings
        Of the run, with what was decided by its clips: preparation, epochs, batch.
    labels : Tensor
        (N, H) int64, the last pseudo-labels.
    agreements : numpy.ndarray
        (H,) float64, mean NMI of each head's labels with the other heads'; of its predictions if
        the result is the consensus.
    sizes : Tensor
        (H, K) prescribed cluster sizes, as a fraction of the clips.
    history : list of dict
        One row per epoch.
    steps : int
        Steps taken.
    corrupt : int
        Corrupt clips found.
    init : dict of str to str
        By modality, the SHA-256 of the file that its encoder started from.
    """

    network: Network
    settings: RunSettings
    labels: Tensor
    agreements: np.ndarray
    sizes: Tensor
    history: list[Row]
    steps: int
    corrupt: int
    init: dict[str, str]
