"""The network that classifies actions, its optimiser and its learning rates."""

import torch
from torch import Tensor, nn

from selavi.batch import Batch
from selavi.models.encoders import feature_size
from selavi.models.network import Network
from selavi.settings import FinetuneSettings


class Recogniser(nn.Module):
    """A video encoder and a linear classifier with orthogonal first weights.

    Parameters
    ----------
    network : Network
        With a video encoder; nothing else of it is kept.
    classes : int
        Number of classes.
    frozen : bool
        Whether the encoder stays as it is, batch-norm statistics included (linear probe).
    seed : int
        Of the classifier's weights.
    """

    def __init__(self, network: Network, classes: int, frozen: bool, seed: int) -> None:
        super().__init__()
        self.network, self.frozen = network, frozen
        encoder = network.encoders["video"]
        network.encoders = nn.ModuleDict({"video": encoder})
        network.heads = nn.ModuleDict()
        self.classifier = nn.Linear(feature_size(encoder), classes)
        generator = torch.Generator().manual_seed(seed)
        nn.init.orthogonal_(self.classifier.weight, generator=generator)
        nn.init.zeros_(self.classifier.bias)
        if frozen:
            encoder.requires_grad_(False)

    def train(self, mode: bool = True) -> "Recogniser":
        """Training mode; a frozen encoder stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
        return self

    def forward(self, batch: Batch, bfloat16: bool = False) -> Tensor:
        """Compute logits.

        Parameters
        ----------
        batch : Batch
            Clips with their video.
        bfloat16 : bool
            Whether the encoder computes in bfloat16.

        Returns
        -------
        Tensor
            (B, classes) float32.
        """
        logits: Tensor = self.classifier(self.network.encode(batch, bfloat16)["video"])
        return logits


def make_optimizer(model: Recogniser, settings: FinetuneSettings) -> torch.optim.SGD:
    """SGD with one learning rate for the classifier and one for the encoder, in this order.

    Parameters
    ----------
    model : Recogniser
        The network to optimise.
    settings : FinetuneSettings
        Learning rates, momentum and weight decay.

    Returns
    -------
    torch.optim.SGD
        Without the encoder's weights if it is frozen.
    """
    groups = [{"params": list(model.classifier.parameters()), "lr": settings.head_lr}]
    if not model.frozen:
        groups.append({"params": list(model.network.parameters()), "lr": settings.base_lr})
    return torch.optim.SGD(groups, momentum=settings.momentum, weight_decay=settings.weight_decay)


def rate_factor(settings: FinetuneSettings, epoch: int) -> float:
    """The factor of both learning rates in an epoch.

    By default the classifier's learning rate is 0.0025, 0.01125, five times 0.02, four times 0.001,
    and 0.00005: those in force in the paper's release, whose steps take effect an epoch after its
    flags.

    Parameters
    ----------
    settings : FinetuneSettings
        Warm-up and steps of the learning rate.
    epoch : int
        From 0.

    Returns
    -------
    float
        By which both rates are multiplied.

    Examples
    --------
    >>> [round(rate_factor(FinetuneSettings(), epoch), 3) for epoch in (0, 1, 2, 6, 7, 11)]
    [1.0, 4.5, 8.0, 8.0, 0.4, 0.02]
    """
    share = min(1.0, epoch / settings.warmup_epochs) if settings.warmup_epochs else 1.0
    warm = 1 + share * (settings.warmup_factor - 1)
    decays: float = settings.decay ** sum(first <= epoch for first in settings.decay_epochs)
    return warm * decays
