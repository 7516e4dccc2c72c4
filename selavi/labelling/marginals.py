"""Marginals: the prescribed sizes of the clusters, as fractions of the clips."""

import torch
from torch import Tensor

SMALLEST = 0.05  # of the mean size: a wide Gaussian must not prescribe an empty cluster


def draw_marginals(kind: str, clusters: int, sd: float, generator: torch.Generator) -> Tensor:
    """Draw the marginals of one head (paper, section 3.2), not yet assigned to clusters.

    Parameters
    ----------
    kind : {"uniform", "gaussian", "zipf"}
        "uniform": 1 / K each. "gaussian": N(1, sd), clipped below at 0.05, then normalised.
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
    if kind == "uniform":
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
