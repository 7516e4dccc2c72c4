"""Exact nearest neighbours, block by block: the matrix of all distances never exists."""

import torch
from torch import Tensor

QUERIES, GALLERY = 512, 16384  # rows of a block: 32 MiB of distances


def nearest(queries: Tensor, gallery: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` nearest rows of the gallery, by Euclidean distance, nearest first.

    Parameters
    ----------
    queries : (n, D) float32. gallery : (m, D) float32, on the same device.
    count : at most m.

    Returns
    -------
    places : (n, count) int64 into the gallery. distances : (n, count) float32.
    """
    lengths = gallery.square().sum(1)
    places, distances = [], []
    for rows in queries.split(QUERIES):
        best = rows.new_empty(len(rows), 0)
        found = torch.empty(len(rows), 0, dtype=torch.int64, device=rows.device)
        for start in range(0, len(gallery), GALLERY):
            block = gallery[start : start + GALLERY]
            # The query's own length moves all its distances alike.
            near = torch.addmm(lengths[start : start + GALLERY], rows, block.T, alpha=-2)
            top = near.topk(min(count, near.shape[1]), largest=False)
            best = torch.cat([best, top.values], 1)
            found = torch.cat([found, top.indices + start], 1)
            kept = best.topk(min(count, best.shape[1]), largest=False)
            best, found = kept.values, found.gather(1, kept.indices)
        places.append(found)
        distances.append((best + rows.square().sum(1, keepdim=True)).clamp_min(0).sqrt())
    return torch.cat(places), torch.cat(distances)
