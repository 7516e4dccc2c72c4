"""Classifier heads of one modality; all of them are applied as one wide product.

Letters in shapes: B clips, D features, H heads, W hidden width, K clusters.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selavi.settings import NetworkSettings


def make_heads(features: int, settings: NetworkSettings) -> nn.ModuleList:
    """New heads.

    Parameters
    ----------
    features : int
        D.
    settings : NetworkSettings
        Their number, type and sizes.

    Returns
    -------
    nn.ModuleList
        H heads, each (B, D) to (B, K) with the K of its place in `settings.cluster_counts`.
    """
    return nn.ModuleList([_head(features, k, settings) for k in settings.cluster_counts])


def apply_heads(
    heads: Sequence[nn.Module], features: Tensor, generator: torch.Generator | None
) -> Tensor:
    """Logits of several heads.

    Parameters
    ----------
    heads : sequence of nn.Module
        H heads of `make_heads`.
    features : Tensor
        (B, D) float32.
    generator : torch.Generator or None
        For dropout in training, in place of torch's global one.

    Returns
    -------
    Tensor
        (H, B, K) float32; a head of fewer than K clusters has minus infinity in the rest.
    """
    if len(heads) == 1 or not all(_is_mlp(head) for head in heads):
        return padded([_apply(head, features, generator) for head in heads])
    layers = [cast(nn.Sequential, head) for head in heads]
    before, after = _masks(layers, features, generator)
    hidden = _hidden(layers, features if before is None else features * before)
    hidden = hidden if after is None else hidden * after
    last = [cast(nn.Linear, head[5]) for head in layers]
    logits, first = [], 0
    for _, group in groupby(last, key=lambda layer: layer.out_features):
        same = list(group)
        weights = torch.stack([layer.weight for layer in same]).transpose(1, 2)
        biases = torch.stack([layer.bias for layer in same])[:, None]
        logits.append(torch.baddbmm(biases, hidden[first : first + len(same)], weights))
        first += len(same)
    return padded(logits, heads=True)


def consensus_logits(logits: Tensor, counts: Sequence[int]) -> Tensor:
    """Logarithm of the mean probability of the heads of each number of clusters.

    It makes sense once their clusters are matched.

    Parameters
    ----------
    logits : Tensor
        (H, B, K) float32 of all heads.
    counts : sequence of int
        (H,) number of clusters of each head, ascending.

    Returns
    -------
    Tensor
        (L, B, K) float32, of L numbers of clusters.
    """
    log_p = logits.log_softmax(-1)
    levels = log_p.split([len(list(heads)) for _, heads in groupby(counts)])
    return torch.stack([level.logsumexp(0) - math.log(len(level)) for level in levels])


def padded(logits: Iterable[Tensor], heads: bool = False) -> Tensor:
    """Stack logits of heads, with minus infinity for the clusters that a head does not have.

    Parameters
    ----------
    logits : iterable of Tensor
        (B, K) of one head each.
    heads : bool
        Whether they are (H, B, K) of several heads each.

    Returns
    -------
    Tensor
        (H, B, K) with the largest K.
    """
    parts = list(logits)
    most = max(part.shape[-1] for part in parts)
    filled = [
        part
        if part.shape[-1] == most
        else F.pad(part, (0, most - part.shape[-1]), value=-torch.inf)
        for part in parts
    ]
    if heads:
        return filled[0] if len(filled) == 1 else torch.cat(filled)
    return torch.stack(filled)


def _head(features: int, clusters: int, settings: NetworkSettings) -> nn.Module:
    if settings.head == "linear":
        return nn.Linear(features, clusters)
    return nn.Sequential(
        nn.Dropout(settings.dropout),
        nn.Linear(features, settings.hidden, bias=False),
        nn.BatchNorm1d(settings.hidden),
        nn.ReLU(inplace=True),
        nn.Dropout(settings.dropout),
        nn.Linear(settings.hidden, clusters),
    )


def _is_mlp(head: nn.Module) -> bool:
    return isinstance(head, nn.Sequential) and len(head) == 6


def _apply(head: nn.Module, features: Tensor, generator: torch.Generator | None) -> Tensor:
    """Logits (B, K) of one head, with dropout drawn from `generator` if given."""
    if generator is None or not isinstance(head, nn.Sequential):
        return cast(Tensor, head(features))
    for layer in head:
        if isinstance(layer, nn.Dropout) and layer.training:
            mask = torch.empty_like(features).bernoulli_(1 - layer.p, generator=generator)
            features = features * mask.div_(1 - layer.p)
        else:
            features = layer(features)
    return features


def _masks(
    heads: list[nn.Sequential], features: Tensor, generator: torch.Generator | None
) -> tuple[Tensor | None, Tensor | None]:
    """Dropout of features and of hidden units: (H, B, D) and (H, B, W); none if all are kept.

    Drawn head by head, so that a head's masks do not depend on the heads after it.
    """
    dropout, first = cast(nn.Dropout, heads[0][0]), cast(nn.Linear, heads[0][1])
    if not dropout.training or dropout.p == 0:
        return None, None
    keep = 1 - dropout.p
    sizes = first.in_features, first.out_features
    before, after = (features.new_empty(len(heads), len(features), size) for size in sizes)
    for head in range(len(heads)):
        before[head].bernoulli_(keep, generator=generator)
        after[head].bernoulli_(keep, generator=generator)
    return before.div_(keep), after.div_(keep)


def _hidden(heads: list[nn.Sequential], x: Tensor) -> Tensor:
    """First linear layer, batch norm and ReLU of all heads: (B, D) or (H, B, D) to (H, B, W)."""
    weights = [cast(nn.Linear, head[1]).weight for head in heads]
    if x.ndim == 2:
        wide = F.linear(x, torch.cat(weights))
    else:
        wide = torch.bmm(x, torch.stack(weights).transpose(1, 2)).transpose(0, 1).flatten(1)
    norms = [head[2] for head in heads]
    if all(type(norm) is nn.BatchNorm1d for norm in norms):
        wide = _batch_norm(cast(list[nn.BatchNorm1d], norms), wide)
    else:  # synchronised: each shares its statistics over processes
        parts = wide.split(len(weights[0]), 1)
        wide = torch.cat([norm(part) for norm, part in zip(norms, parts, strict=True)], 1)
    return wide.relu_().unflatten(1, (len(heads), -1)).transpose(0, 1)


def _batch_norm(norms: list[nn.BatchNorm1d], x: Tensor) -> Tensor:
    """Several batch norms of the same length side by side: (B, H * W) to (B, H * W)."""
    first = norms[0]
    means = [cast(Tensor, norm.running_mean) for norm in norms]
    variances = [cast(Tensor, norm.running_var) for norm in norms]
    mean, variance = torch.cat(means), torch.cat(variances)
    weight, bias = torch.cat([n.weight for n in norms]), torch.cat([n.bias for n in norms])
    out = F.batch_norm(
        x, mean, variance, weight, bias, first.training, cast(float, first.momentum), first.eps
    )
    if first.training:
        with torch.no_grad():
            torch._foreach_copy_(means, mean.split(first.num_features))
            torch._foreach_copy_(variances, variance.split(first.num_features))
            torch._foreach_add_([cast(Tensor, n.num_batches_tracked) for n in norms], 1)
    return out
