"""How large each cluster shall be: all alike, Gaussian sizes drawn once per head, or Zipf's law."""

import torch
from torch import Tensor

SMALLEST_SHARE = 0.05  # of the mean size: a wide draw must not ask for an empty cluster


def draw_sizes(kind: str, clusters: int, deviation: float, generator: torch.Generator) -> Tensor:
    """Shares of the clusters, ascending: (K,) float64, positive, sum 1 (paper, section 3.2).

    kind : "uniform"; "gaussian" for N(1, deviation) kept at or above 0.05, then normalised; or
        "zipf", where the n-th largest cluster's share goes as 1 / n.
    """
    if kind == "uniform":
        return torch.full((clusters,), 1 / clusters, dtype=torch.float64)
    if kind == "zipf":
        sizes = 1 / torch.arange(clusters, 0, -1, dtype=torch.float64)
        return sizes / sizes.sum()
    draw = torch.randn(clusters, generator=generator, dtype=torch.float64) * deviation + 1
    sizes = draw.clamp_min(SMALLEST_SHARE).sort().values
    return sizes / sizes.sum()


def match_by_rank(sizes: Tensor, mass: Tensor) -> Tensor:
    """Give the largest share to the cluster that holds the most soft mass, and so on down.

    sizes : (K,) ascending. mass : (K,) soft mass of each cluster. Returns (K,) shares.
    """
    matched = torch.empty_like(sizes)
    matched[mass.argsort(stable=True)] = sizes
    return matched
