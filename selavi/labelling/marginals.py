"""Marginals: the prescribed sizes of the clusters, as fractions of the clips."""

import torch
from torch import Tensor

SMALLEST = 0.05  # of the mean size: a wide Gaussian must not prescribe an empty cluster


def draw_marginals(kind: str, clusters: int, sd: float, generator: torch.Generator) -> Tensor:
    """Draw the marginals of one head (paper, section 3.2), not yet assigned to clusters.

    Parameters
    ----------
    kind : {"uniform", "gaussian", "zipf", "first"}
        "uniform": 1 / K each, and so "first", until there are labels. "gaussian": N(1, sd),
        clipped below at 0.05, then normalised.
        "zipf": the n-th largest is proportional to 1 / n.
    clusters : int
        K.
    sd : float
        Standard deviation relative to the mean size, for "gaussian".
    generator : torch.Generator
        Random generator, advanced only for "gaussian".

    Returns
    -------
    Tensor
        (K,) float64, ascending, positive, sum 1.
    """
    if kind in ("uniform", "first"):
        return torch.full((clusters,), 1 / clusters, dtype=torch.float64)
    if kind == "zipf":
        sizes = 1 / torch.arange(clusters, 0, -1, dtype=torch.float64)
        return sizes / sizes.sum()
    draw = torch.randn(clusters, generator=generator, dtype=torch.float64) * sd + 1
    sizes = draw.clamp_min(SMALLEST).sort().values
    return sizes / sizes.sum()


def match_by_rank(marginals: Tensor, soft_sizes: Tensor) -> Tensor:
    """Assign marginals to clusters: the largest to the cluster of the largest soft size, and so on.

    Parameters
    ----------
    marginals : Tensor
        (K,) ascending.
    soft_sizes : Tensor
        (K,) sum over clips of each cluster's probability.

    Returns
    -------
    Tensor
        (K,) marginal of each cluster.
    """
    matched = torch.empty_like(marginals)
    matched[soft_sizes.argsort(stable=True)] = marginals
    return matched


def sizes_of(labels: Tensor, clusters: int) -> Tensor:
    """Marginals as large as the clusters of given labels are.

    Parameters
    ----------
    labels : Tensor
        (N, H) int64; -1 for none.
    clusters : int
        K.

    Returns
    -------
    Tensor
        (H, K) float64, ascending, positive, sum 1 for each head.
    """
    counts = torch.stack([torch.bincount(h[h >= 0], minlength=clusters) for h in labels.T])
    sizes = counts.double() / counts.sum(1, keepdim=True)
    sizes = sizes.clamp_min(SMALLEST / clusters).sort(1).values
    return sizes / sizes.sum(1, keepdim=True)


def relax(marginals: Tensor, soft_sizes: Tensor, share: float) -> Tensor:
    """Move marginals towards the sizes that the predictions have.

    Parameters
    ----------
    marginals : Tensor
        (K,) of each cluster, sum 1.
    soft_sizes : Tensor
        (K,) see `match_by_rank`.
    share : float
        0 keeps the marginals, 1 takes the sizes of the predictions: between them, the geometric
        mean with this weight.

    Returns
    -------
    Tensor
        (K,) positive, sum 1.
    """
    found = (soft_sizes / soft_sizes.sum()).clamp_min(SMALLEST / len(marginals))
    mean = marginals ** (1 - share) * found**share
    return mean / mean.sum()
