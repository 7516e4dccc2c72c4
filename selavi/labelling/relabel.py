"""Update the pseudo-labels of all heads, one head group at a time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from selavi.engine.process_group import all_rows, all_sum
from selavi.labelling.alignment import best_permutation
from selavi.labelling.consensus import consensus_by_level
from selavi.labelling.feature_store import FeatureStore
from selavi.labelling.marginals import match_by_rank
from selavi.labelling.sinkhorn import HeadLogKernel, SinkhornOutput, sinkhorn
from selavi.labelling.sinkhorn.kernel_sums import UNITS
from selavi.models.network import Network
from selavi.settings import LabellingSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Relabelling:
    """Summary of one label update; `str` gives a sentence.

    Attributes
    ----------
    heads : int
        Heads that were labelled.
    converged : bool
        Whether Sinkhorn-Knopp converged for every head.
    iterations : int
        Sinkhorn iterations of the slowest head.
    marginal_error : float
        Marginal error of the worst head.
    changed : float
        Fraction of labels that changed, over clips and heads.
    dense : int
        Heads solved by the dense solver.
    density : float
        Largest fraction of the kernel's entries that a truncated solve used; 0 without any.
    """

    heads: int
    converged: bool
    iterations: int
    marginal_error: float
    changed: float
    dense: int
    density: float

    def __str__(self) -> str:
        truncated = self.heads - self.dense
        solvers = f"truncated to <= {self.density:.1%} of the kernel" if truncated else "dense"
        if self.dense and truncated:
            solvers = f"{self.dense} heads dense, {truncated} {solvers}"
        end = "converged in <=" if self.converged else "did not converge in"
        return (
            f"{self.changed:.1%} of labels changed; Sinkhorn {end} {self.iterations} iterations "
            f"({solvers})"
        )


def group_heads(heads: int, groups: int, generator: torch.Generator) -> list[list[int]]:
    """Split the heads at random into groups whose sizes differ by at most one.

    Parameters
    ----------
    heads : int
        H.
    groups : int
        Number of groups.
    generator : torch.Generator
        Random generator.

    Returns
    -------
    list of list of int
        Numbers of the heads of each group, ascending.
    """
    order = torch.randperm(heads, generator=generator).tolist()
    return [sorted(order[g::groups]) for g in range(groups)]


@torch.no_grad()
def relabel(
    network: Network,
    store_of_group: Callable[[int], FeatureStore],
    labels: Tensor,
    marginals: Tensor,
    settings: LabellingSettings,
    generator: torch.Generator,
    align: bool,
) -> Relabelling:
    """Update the labels of all heads; collective, with the same result on every rank.

    Parameters
    ----------
    network : Network
        With `align`, the last layers of its audio heads are permuted.
    store_of_group : callable
        Maps a group's number to the features of its own pass; called once per group, in order.
    labels : Tensor
        (N, H) int64, updated in place.
    marginals : Tensor
        (H, K) float64, ascending marginals of each head; 0 for the clusters that it does not have.
    settings : LabellingSettings
        Groups, lambda, tolerance, and the like.
    generator : torch.Generator
        Draws the head groups; in the same state on every rank.
    align : bool
        Whether to align the audio heads' clusters with the video heads' first.

    Returns
    -------
    Relabelling
        Changes and convergence; heads that did not converge are warned of.
    """
    was_training = network.training
    network.eval()
    outputs: list[SinkhornOutput] = []
    before = labels.clone()
    groups = group_heads(labels.shape[1], settings.groups, generator)
    for number, heads in enumerate(groups):
        store = store_of_group(number)
        samples = all_rows(store.samples)
        for head in heads:
            log_kernel = HeadLogKernel(network, store, head, settings.lambda_)
            if align and len(network.modalities) == 2:
                _align(log_kernel)
            r = match_by_rank(marginals[head, : log_kernel.clusters], soft_sizes(log_kernel))
            outputs.append(
                sinkhorn(
                    log_kernel,
                    r,
                    settings.tolerance,
                    settings.max_iterations,
                    power=settings.marginal_power,
                )
            )
            labels[samples, head] = all_rows(outputs[-1].labels)
    if settings.consensus:
        labels.copy_(consensus_by_level(labels, network.cluster_counts))
    network.train(was_training)
    relabelling = Relabelling(
        heads=len(outputs),
        converged=all(o.converged for o in outputs),
        iterations=max(o.iterations for o in outputs),
        marginal_error=max(o.marginal_error for o in outputs),
        changed=float((before != labels).double().mean()),
        dense=sum(o.solver == "dense" for o in outputs),
        density=max((o.density for o in outputs if o.solver == "truncated"), default=0.0),
    )
    if not relabelling.converged:
        log.warning(
            "Sinkhorn-Knopp did not converge in %d iterations: marginal error %.2g, tolerance "
            "%.2g; raise labelling.max_iterations or labelling.tolerance",
            relabelling.iterations,
            relabelling.marginal_error,
            settings.tolerance,
        )
    return relabelling


def soft_sizes(log_kernel: HeadLogKernel) -> Tensor:
    """Soft size of each cluster: sum over clips of the product over modalities of p[n, k].

    Each product is rounded to a multiple of 2 ** -34, so that the sums, and their order, are the
    same for any distribution of the clips over ranks.

    Parameters
    ----------
    log_kernel : HeadLogKernel
        This rank's rows of one head.

    Returns
    -------
    Tensor
        (K,) float64, over the clips of all ranks.
    """
    units = torch.zeros(log_kernel.clusters, dtype=torch.int64, device=log_kernel.device)
    for log_product in log_kernel.log_products():
        product = log_product.double().exp()
        units += (product * UNITS[torch.float64]).round().long().sum(0)
    return all_sum(units) / UNITS[torch.float64]


def _align(log_kernel: HeadLogKernel) -> None:
    blocks = ((p["video"].exp(), p["audio"].exp()) for p in log_kernel.log_probabilities())
    permutation = best_permutation(blocks, log_kernel.clusters, log_kernel.device)
    log_kernel.network.permute_head("audio", log_kernel.head, permutation)
