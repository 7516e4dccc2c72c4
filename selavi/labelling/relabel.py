"""Renew the labels of all heads, group by group."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from selavi.engine.process_group import all_rows, all_sum
from selavi.labelling.alignment import best_permutation
from selavi.labelling.consensus import consensus
from selavi.labelling.feature_store import FeatureStore
from selavi.labelling.marginals import match_by_rank
from selavi.labelling.sinkhorn.front import Assignment, sinkhorn
from selavi.labelling.sinkhorn.kernels import UNITS
from selavi.labelling.sinkhorn.log_kernel import HeadScores
from selavi.models.network import Network
from selavi.settings import LabellingSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Relabelling:
    """What a relabelling did.

    iterations, deviation : those of the worst head. changed : share of labels that changed.
    dense : heads that were solved on the whole kernel.
    kept : largest share of the kernel that another head was solved on.
    """

    iterations: int
    deviation: float
    changed: float
    dense: int
    kept: float


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
    found: list[Assignment] = []
    before = labels.clone()
    groups = group_heads(labels.shape[1], settings.groups, generator)
    for number, heads in enumerate(groups):
        store = store_of_group(number)
        owners = all_rows(store.samples)
        for head in heads:
            scores = HeadScores(network, store, head, settings.lambda_)
            if align and len(network.modalities) == 2:
                _align(scores)
            shares = match_by_rank(sizes[head], soft_mass(scores))
            found.append(sinkhorn(scores, shares, settings.tolerance, settings.max_iterations))
            labels[owners, head] = all_rows(found[-1].labels)
    if settings.consensus:
        labels.copy_(consensus(labels, sizes.shape[1]))
    network.train(was_training)
    done = Relabelling(
        iterations=max(f.iterations for f in found),
        deviation=max(f.deviation for f in found),
        changed=float((before != labels).double().mean()),
        dense=sum(f.way == "dense" for f in found),
        kept=max((f.kept for f in found if f.way == "truncated"), default=0.0),
    )
    _tell(done, len(found), settings)
    return done


def soft_mass(scores: HeadScores) -> Tensor:
    """Sum over clips of all ranks of the product over modalities of p[n, k]: (K,) float64, exact.

    Rounded clip by clip to 2 ** -34, so that near ties fall alike however clips are shared out.
    """
    units = torch.zeros(scores.clusters, dtype=torch.int64, device=scores.device)
    for log_p in scores.log_probabilities():
        product = torch.stack(list(log_p.values())).sum(0).double().exp()
        units += (product * UNITS[torch.float64]).round().long().sum(0)
    return all_sum(units) / UNITS[torch.float64]


def _align(scores: HeadScores) -> None:
    blocks = ((p["video"].exp(), p["audio"].exp()) for p in scores.log_probabilities())
    order = best_permutation(blocks, scores.clusters, scores.device)
    scores.network.permute_head("audio", scores.head, order)


def _tell(done: Relabelling, heads: int, settings: LabellingSettings) -> None:
    log.info(
        "labels: %.1f%% new; %d of %d heads on the whole kernel%s, at most %d iterations",
        100 * done.changed,
        done.dense,
        heads,
        f", the others on at most {done.kept:.1%} of it" if done.dense < heads else "",
        done.iterations,
    )
    if done.deviation > settings.tolerance:
        log.warning(
            "Sinkhorn-Knopp stopped after %d iterations with a cluster's mass off by %.2g of its "
            "share; raise labelling.max_iterations or labelling.tolerance",
            done.iterations,
            done.deviation,
        )
