"""The result of a training."""

from dataclasses import dataclass

from torch import Tensor

from selavi.models.head_selection import Selection
from selavi.models.initial_weights import FirstWeights
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
        Of the run, with what was decided by its clips: preparation, numbers of clusters, epochs,
        batch.
    labels : Tensor
        (N, H) int64, the last pseudo-labels.
    selection : Selection
        The selected head, by its labels; by its predictions if the result is the consensus.
    sizes : Tensor
        (H, K) prescribed cluster sizes, as a fraction of the clips.
    history : list of dict
        One row per epoch.
    steps : int
        Steps taken.
    corrupt : int
        Corrupt clips found.
    init : dict of str to FirstWeights
        By modality, the file that its encoder started from.
    """

    network: Network
    settings: RunSettings
    labels: Tensor
    selection: Selection
    sizes: Tensor
    history: list[Row]
    steps: int
    corrupt: int
    init: dict[str, FirstWeights]
