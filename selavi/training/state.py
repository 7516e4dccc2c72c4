"""The state of a pretraining: what a checkpoint holds of it."""

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from selavi.data.corrupt import CorruptClips
from selavi.data.dataset import Clips
from selavi.engine.checkpoint import Checkpoints
from selavi.engine.process_group import Group, all_sum
from selavi.labelling.feature_store import FeatureStore
from selavi.labelling.marginals import draw_marginals
from selavi.models.network import Network
from selavi.settings import RunSettings
from selavi.training.history import Row
from selavi.training.optim import make_optimizer


@dataclass
class Progress:
    """How far the run is, and its history; the same on every rank.

    Parameters
    ----------
    epoch, step : int
        The next step to take, from 0.
    total : int
        Steps taken.
    relabellings : int
        Label updates made.
    bfloat16 : bool
        Whether the encoders compute in bfloat16.
    sums : dict
        Running totals of this epoch.
    history : list of dict
        One row per finished epoch.
    """

    epoch: int = 0
    step: int = 0
    total: int = 0
    relabellings: int = 0
    bfloat16: bool = False
    sums: Row = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)


@dataclass
class State:
    """Everything that a resumed run needs to continue as if it had not stopped.

    Parameters
    ----------
    network : nn.Module
        The network in training.
    optimizer : torch.optim.Optimizer
        Its optimizer, with momentum.
    labels : Tensor
        (N, H) int64 pseudo-labels, -1 for none.
    sizes : Tensor
        (H, K) prescribed cluster sizes, as a fraction of the clips; 0 for clusters that a head does
        not have.
    predicted : Tensor
        (H, K) int64, how often this rank predicted each cluster in this epoch.
    stores : list of FeatureStore
        Features kept for labelling, one store per head group.
    groups : torch.Generator
        Draws the head groups.
    corrupt : CorruptClips
        The corrupt clips that this rank knows of.
    progress : Progress
        How far the training is.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    labels: Tensor
    sizes: Tensor
    predicted: Tensor
    stores: list[FeatureStore]
    groups: torch.Generator
    corrupt: CorruptClips
    progress: Progress = field(default_factory=Progress)

    def count(self, predicted: Tensor) -> None:
        """Count predictions (H, B) int64."""
        self.predicted.scatter_add_(1, predicted, torch.ones_like(predicted))

    def save(self, checkpoints: Checkpoints, process_clips: int, group: Group) -> None:
        """Write a checkpoint.

        Parameters
        ----------
        checkpoints : Checkpoints
            Where to write it.
        process_clips : int
            Clips that each process contributes to a step.
        group : Group
            The process group.
        """
        shared: dict[str, Any] = {
            "process_clips": process_clips,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "labels": self.labels,
            "sizes": self.sizes,
            "predicted": all_sum(self.predicted.clone()),
            "groups": self.groups.get_state(),
            "corrupt": self.corrupt.found,
            "progress": asdict(self.progress),
        }
        own = {"stores": [{"samples": s.samples, "rows": s.rows} for s in self.stores]}
        clips = self.progress.step * process_clips * group.world
        checkpoints.write(self.progress.epoch, clips, shared, own, group)


def fresh_state(
    network: Network, settings: RunSettings, clips: Clips, device: torch.device
) -> State:
    """The state of a training that starts.

    Parameters
    ----------
    network : Network
        The network to train.
    settings : RunSettings
        Of the run.
    clips : Clips
        Of the training split.
    device : torch.device
        The device of this rank.

    Returns
    -------
    State
        Without labels or features.
    """
    counts = settings.network.cluster_counts
    heads = len(counts)
    labelling = settings.labelling
    generator = torch.Generator().manual_seed(settings.seed)
    sizes = [
        draw_marginals(labelling.marginals, clusters, labelling.gaussian_sd, generator)
        for clusters in counts
    ]
    return State(
        network=network,
        optimizer=make_optimizer(network.parameters(), settings.training),
        labels=torch.full((len(clips), heads), -1, dtype=torch.int64, device=device),
        sizes=pad_sequence(sizes, batch_first=True).to(device),
        predicted=torch.zeros(heads, max(counts), dtype=torch.int64, device=device),
        stores=[],
        groups=generator,
        corrupt=CorruptClips(clips),
    )
