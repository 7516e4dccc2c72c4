"""One process's share of a step: forward, backward, and the gradients of all processes."""

import copy
import os
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import Any

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from selavi.batch import Batch
from selavi.engine.process_group import Group
from selavi.files import UserError
from selavi.models.network import Features, Network
from selavi.models.sync_batchnorm import synchronise
from selavi.training.lanes import Lanes
from selavi.training.loss import heads_loss


@dataclass(frozen=True)
class Learnt:
    """The outputs of a batch, detached from the graph.

    Parameters
    ----------
    features : dict
        By modality, (B, D) float32.
    losses : dict
        By modality, the mean over heads and clips, in nats.
    log_p : Tensor
        (H, B, K), sum over modalities of the predicted log-probabilities.
    """

    features: Features
    losses: dict[str, Tensor]
    log_p: Tensor

    def __or__(self, other: "Learnt") -> "Learnt":
        """The outputs of two modalities together."""
        features, losses = self.features | other.features, self.losses | other.losses
        return Learnt(features, losses, self.log_p + other.log_p)


class Learner:
    """A network that learns in a process group: synchronised, and compiled if asked for.

    On a CPU, the modalities and the other views of a batch run in parallel, see `Lanes`.

    Parameters
    ----------
    network : Network
        The network to train; changed in place.
    group : Group
        The process group.
    compiled : bool
        Whether to compile the encoders with torch.compile.
    """

    def __init__(self, network: Network, group: Group, compiled: bool) -> None:
        self.network = network
        if group.world > 1:
            synchronise(network, group.device)
        self.observer = _sharing_weights(network)
        if compiled:
            require_compiler(group.device)
            for encoder in (*network.encoders.values(), *self.observer.encoders.values()):
                encoder.compile()
        self.lanes = Lanes(group.device, sum(p.numel() for p in network.parameters()))
        self.parallel = DistributedDataParallel(network) if group.world > 1 else None

    def gradients(
        self,
        batch: Batch,
        labels: Tensor,
        share: float,
        last: bool,
        bfloat16: bool,
        others: Sequence[Batch] = (),
    ) -> tuple[Learnt, list[Features]]:
        """Add `share` times the gradients of a batch.

        Parameters
        ----------
        batch : Batch
            Clips of this rank.
        labels : Tensor
            (B, H) int64 pseudo-labels.
        share : float
            1 / accumulation.
        last : bool
            Whether this is the step's last batch: then gradients are averaged over ranks.
        bfloat16 : bool
            Whether the encoders compute in bfloat16.
        others : sequence of Batch
            The same clips in other views, encoded in evaluation mode with the batch-norm statistics
            from before this batch.

        Returns
        -------
        outputs : Learnt
            Losses and predictions of the batch.
        features : list of Features
            Of the other views.
        """
        names = self.network.modalities
        # Drawn here, since the order of threads varies. A GPU uses none.
        drawn = torch.randint(2**62, (len(names),)).tolist()
        seeds = dict(zip(names, drawn, strict=True)) if batch.sample.device.type == "cpu" else None
        if others:
            torch._foreach_copy_(list(self.observer.buffers()), list(self.network.buffers()))
        separable = self.parallel is None and not self.network.joined
        parts = [[name] for name in names] if separable else [names]
        learn = [partial(self._learn, batch, labels, share, bfloat16, p, seeds) for p in parts]
        # Audio first: its thread is free before the other.
        looks = [(number, part) for number in range(len(others)) for part in parts[::-1]]
        observe = [partial(self._observe, others[n], bfloat16, part) for n, part in looks]
        waiting = self.parallel.no_sync() if self.parallel and not last else nullcontext()
        with waiting:
            results: list[Any] = self.lanes.run([*learn, *observe])
        learnt: Learnt = reduce(or_, results[: len(learn)])
        seen: list[Features] = [{} for _ in others]
        for (number, _), features in zip(looks, results[len(learn) :], strict=True):
            seen[number] |= features
        return learnt, seen

    def warm_up(self, batch: Batch, bfloat16: bool) -> None:
        """Update the statistics of batch norm alone, from a batch."""

        @torch.no_grad()
        def forward() -> None:
            self.network(batch, bfloat16)

        self.lanes.run([forward])  # as in a step: the same sums with any number of threads

    def _learn(
        self,
        batch: Batch,
        labels: Tensor,
        share: float,
        bfloat16: bool,
        part: Sequence[str],
        seeds: dict[str, int] | None,
    ) -> Learnt:
        features, logits = (self.parallel or self.network)(batch, bfloat16, part, seeds)
        log_p = {name: rows.log_softmax(-1) for name, rows in logits.items()}
        losses = {name: heads_loss(rows, labels) for name, rows in log_p.items()}
        weight = share / len(self.network.modalities)
        (weight * torch.stack(list(losses.values())).sum()).backward()
        return Learnt(
            {name: rows.detach() for name, rows in features.items()},
            {name: loss.detach() for name, loss in losses.items()},
            torch.stack([rows.detach() for rows in log_p.values()]).sum(0),
        )

    @torch.no_grad()
    def _observe(self, batch: Batch, bfloat16: bool, part: Sequence[str]) -> Features:
        return self.observer.encode(batch, bfloat16, part)


def _sharing_weights(network: Network) -> Network:
    """A copy in evaluation mode: the same parameters, its own batch-norm statistics."""
    return copy.deepcopy(network, {id(p): p for p in network.parameters()}).eval()


def require_compiler(device: torch.device) -> None:
    """Raise UserError if torch.compile lacks the C++ compiler that it needs for CPUs."""
    compiler = os.environ.get("CXX", "g++")
    if device.type == "cpu" and shutil.which(compiler) is None:
        raise UserError(
            f"machine.compile needs a C++ compiler, and {compiler!r} is not on the PATH; install "
            "it, name another in the environment variable CXX, or set machine.compile: false"
        )
