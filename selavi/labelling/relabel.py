"""Renew the labels of all heads, group by group."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from selavi.labelling.alignment import best_permutation
from selavi.labelling.collectives import all_rows, all_sum
from selavi.labelling.features import FeatureStore
from selavi.labelling.marginals import match_by_rank
from selavi.labelling.sinkhorn import sinkhorn
from selavi.models.network import Network
from selavi.settings import LabellingSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Relabelling:
    """What a relabelling did: worst case over heads, and the share of labels that changed."""

    iterations: int
    deviation: float
    changed: float


def group_heads(heads: int, groups: int, generator: torch.Generator) -> list[list[int]]:
    """Split the heads at random into groups whose sizes differ by one at most."""
    order = torch.randperm(heads, generator=generator).tolist()
    return [sorted(order[g::groups]) for g in range(groups)]


@torch.no_grad()
def relabel(
    network: Network,
    store_of_group: Callable[[int], FeatureStore],
    labels: Tensor,
    sizes: Tensor,
    settings: LabellingSettings,
    generator: torch.Generator,
    align: bool,
) -> Relabelling:
    """Write new labels into `labels`, the same on every rank.

    Parameters
    ----------
    store_of_group : features of a group's own pass over the clips, asked for one group at a time.
    labels : (N, H) int64, changed in place.
    sizes : (H, K) ascending cluster shares of each head.
    generator : draws the groups; in the same state on every rank.
    align : renumber the audio heads first (the first relabelling only).
    """
    was_training = network.training
    network.eval()
    iterations, deviation = 0, 0.0
    before = labels.clone()
    groups = group_heads(labels.shape[1], settings.groups, generator)
    for number, heads in enumerate(groups):
        store = store_of_group(number)
        owners = all_rows(store.samples)
        for head in heads:
            if align and len(network.modalities) == 2:
                _align(network, store, head)
            log_p = head_log_probabilities(network, store, head)
            mass = all_sum((log_p * len(network.modalities)).exp().double().sum(0))
            shares = match_by_rank(sizes[head].to(mass), mass)
            found = sinkhorn(
                settings.lambda_ * log_p, shares, settings.tolerance, settings.max_iterations
            )
            labels[owners, head] = all_rows(found.labels)
            iterations = max(iterations, found.iterations)
            deviation = max(deviation, found.deviation)
    network.train(was_training)
    if deviation > settings.tolerance:
        log.warning(
            "Sinkhorn-Knopp stopped after %d iterations with a cluster's mass off by %.2g of its "
            "share; raise labelling.max_iterations or labelling.tolerance",
            iterations,
            deviation,
        )
    changed = float((before != labels).double().mean())
    return Relabelling(iterations, deviation, changed)


def head_log_probabilities(network: Network, store: FeatureStore, head: int) -> Tensor:
    """Mean over modalities of log p[n, k] for one head: (n, K) float32."""
    parts = [
        network.logits(modality, rows, [head])[0].log_softmax(1)
        for modality, rows in store.rows.items()
    ]
    return torch.stack(parts).mean(0)


def _align(network: Network, store: FeatureStore, head: int) -> None:
    p_video, p_audio = (
        network.logits(modality, store.rows[modality], [head])[0].softmax(1)
        for modality in ("video", "audio")
    )
    network.permute_head("audio", head, best_permutation(p_video, p_audio))
