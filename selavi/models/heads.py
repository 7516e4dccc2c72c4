"""Classifier heads: an MLP or a linear layer each, applied one by one or all at once."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selavi.settings import NetworkSettings


def apply_one(head: nn.Module, features: Tensor, generator: torch.Generator | None) -> Tensor:
    """Apply one head.

    Parameters
    ----------
    head : nn.Module
        An MLP or a linear layer.
    features : Tensor
        (B, D) float32.
    generator : torch.Generator, optional
        Draws the dropout; by default, torch's global random generator does.

    Returns
    -------
    Tensor
        (B, K) float32, logits.
    """
    if generator is None or not isinstance(head, nn.Sequential):
        return head(features)
    for layer in head:
        if isinstance(layer, nn.Dropout) and layer.training:
            mask = torch.empty_like(features).bernoulli_(1 - layer.p, generator=generator)
            features = features * mask.div_(1 - layer.p)
        else:
            features = layer(features)
    return features


def plain_layers(heads: nn.ModuleList) -> list[tuple[nn.Linear, nn.BatchNorm1d, nn.Linear]]:
    """Find the layers of heads that can be applied at once, as wide products.

    Parameters
    ----------
    heads : nn.ModuleList
        All heads of a modality.

    Returns
    -------
    list of tuple
        Of each head its first layer, batch norm and last layer. Empty unless all are MLPs without
        dropout, with the batch norm of this process alone.
    """
    layers = []
    for head in heads:
        match [*head.children()]:
            case [
                nn.Dropout(p=0.0),
                nn.Linear() as first,
                nn.BatchNorm1d() as norm,
                nn.ReLU(),
                nn.Dropout(p=0.0),
                nn.Linear() as last,
            ] if type(norm) is nn.BatchNorm1d:
                layers.append((first, norm, last))  # fmt: skip
            case _:
                return []
    return layers


def apply_all(
    layers: list[tuple[nn.Linear, nn.BatchNorm1d, nn.Linear]], features: Tensor
) -> Tensor:
    """Apply all heads at once: the result of each by itself, but for rounding.

    Parameters
    ----------
    layers : list of tuple
        See `plain_layers`.
    features : Tensor
        (B, D) float32.

    Returns
    -------
    Tensor
        (H, B, K) float32, logits.
    """
    firsts, norms, lasts = zip(*layers, strict=True)
    buffers = [(norm.running_mean, norm.running_var) for norm in norms]
    mean, var = (torch.cat(list(rows)) for rows in zip(*buffers, strict=True))
    hidden = F.batch_norm(
        features @ torch.cat([first.weight for first in firsts]).T,
        mean, var,
        torch.cat([norm.weight for norm in norms]), torch.cat([norm.bias for norm in norms]),
        norms[0].training, norms[0].momentum, norms[0].eps,
    ).relu()  # fmt: skip
    if norms[0].training:
        parts = zip(mean.chunk(len(norms)), var.chunk(len(norms)), strict=True)
        torch._foreach_copy_(
            [x for pair in buffers for x in pair], [x for pair in parts for x in pair]
        )
        for norm in norms:
            norm.num_batches_tracked.add_(1)
    last = torch.stack([last.weight for last in lasts]).transpose(1, 2)
    bias = torch.stack([last.bias for last in lasts])[:, None]
    return torch.baddbmm(bias, hidden.view(len(features), len(layers), -1).transpose(0, 1), last)


def make_heads(features: int, settings: NetworkSettings) -> nn.ModuleList:
    """Make the heads of a modality.

    Parameters
    ----------
    features : int
        D.
    settings : NetworkSettings
        Their number, type and width.

    Returns
    -------
    nn.ModuleList
        H heads with random weights.
    """
    return nn.ModuleList([_head(features, settings) for _ in range(settings.heads)])


def _head(features: int, settings: NetworkSettings) -> nn.Module:
    if settings.head == "linear":
        return nn.Linear(features, settings.clusters)
    return nn.Sequential(
        nn.Dropout(settings.dropout),
        nn.Linear(features, settings.hidden, bias=False),
        nn.BatchNorm1d(settings.hidden),
        nn.ReLU(inplace=True),
        nn.Dropout(settings.dropout),
        nn.Linear(settings.hidden, settings.clusters),
    )
