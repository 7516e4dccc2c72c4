"""Exact nearest neighbours, without the matrix of all distances."""

import torch
from torch import Tensor

QUERIES, GALLERY = 512, 16384  # rows of a block: 32 MiB of distances


def nearest(queries: Tensor, gallery: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Find the nearest rows of the gallery by Euclidean distance.

    Parameters
    ----------
    queries : Tensor
        (n, D) float32.
    gallery : Tensor
        (m, D) float32, on the same device.
    count : int
        Neighbours per query, at most m.

    Returns
    -------
    indices : Tensor
        (n, count) int64, rows of the gallery, nearest first.
    distances : Tensor
        (n, count) float32.
    """
    lengths = gallery.square().sum(1)
    indices, distances = [], []
    for rows in queries.split(QUERIES):
        best = rows.new_empty(len(rows), 0)
        nearest_rows = torch.empty(len(rows), 0, dtype=torch.int64, device=rows.device)
        for start in range(0, len(gallery), GALLERY):
            block = gallery[start : start + GALLERY]
            # Without the query's own squared length, which does not change the order.
            partial = torch.addmm(lengths[start : start + GALLERY], rows, block.T, alpha=-2)
            top = partial.topk(min(count, partial.shape[1]), largest=False)
            best = torch.cat([best, top.values], 1)
            nearest_rows = torch.cat([nearest_rows, top.indices + start], 1)
            merged = best.topk(min(count, best.shape[1]), largest=False)
            best, nearest_rows = merged.values, nearest_rows.gather(1, merged.indices)
        indices.append(nearest_rows)
        distances.append((best + rows.square().sum(1, keepdim=True)).clamp_min(0).sqrt())
    return torch.cat(indices), torch.cat(distances)


def nearest_others(rows: Tensor, count: int) -> Tensor:
    """Find the nearest other rows of each row, by Euclidean distance.

    Parameters
    ----------
    rows : Tensor
        (N, D) float32.
    count : int
        Neighbours per row, less than N.

    Returns
    -------
    Tensor
        (N, count) int64, nearest first; never the row itself, even among equal rows.
    """
    indices, _ = nearest(rows, rows, count + 1)
    own = indices == torch.arange(len(rows), device=rows.device)[:, None]
    own[:, -1] |= ~own.any(1)  # of more equal rows than count, the row itself may be left out
    return indices[~own].view(len(rows), count)
