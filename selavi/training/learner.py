"""One process's share of a step: forward, backward, and the gradients of all processes."""

import os
import shutil
from contextlib import nullcontext

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from selavi.distributed import Group
from selavi.files import UserError
from selavi.models.network import Features, Network
from selavi.models.norm import synchronise
from selavi.records import Batch
from selavi.training.loss import heads_loss


class Learner:
    """A network made ready to learn in a process group: synchronised, and compiled if asked for."""

    def __init__(self, network: Network, group: Group, compiled: bool) -> None:
        self.network = network
        if group.world > 1:
            synchronise(network, group.device)
        if compiled:
            require_compiler(group.device)
            for encoder in network.encoders.values():
                encoder.compile()
        self.parallel = DistributedDataParallel(network) if group.world > 1 else None

    def gradients(
        self, batch: Batch, labels: Tensor, share: float, last: bool, bfloat16: bool
    ) -> tuple[Features, dict[str, Tensor], Tensor]:
        """Add `share` times a batch's gradients; the `last` of a step averages them over ranks.

        labels : (B, H) int64.

        Returns
        -------
        The features (B, D); each modality's loss, mean over heads and clips, in nats; and the
        clusters (H, B) int64 that all modalities together predict. Nothing carries gradients.
        """
        waiting = self.parallel.no_sync() if self.parallel and not last else nullcontext()
        with waiting:
            features, logits = (self.parallel or self.network)(batch, bfloat16)
            losses = {name: heads_loss(rows, labels) for name, rows in logits.items()}
            (share * torch.stack(list(losses.values())).mean()).backward()
        log_p = torch.stack([rows.detach().log_softmax(-1) for rows in logits.values()]).sum(0)
        return (
            {name: rows.detach() for name, rows in features.items()},
            {name: loss.detach() for name, loss in losses.items()},
            log_p.argmax(-1),
        )


def require_compiler(device: torch.device) -> None:
    """Raise UserError where torch.compile lacks the C++ compiler that it needs for CPUs."""
    compiler = os.environ.get("CXX", "g++")
    if device.type == "cpu" and shutil.which(compiler) is None:
        raise UserError(
            f"training.compile needs a C++ compiler, and {compiler!r} is not on the PATH; install "
            "it, name another in the environment variable CXX, or set training.compile: false"
        )
