"""Windows that repeat others: with the same bytes, or nearly the same features and pictures."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
import torch
from torch import Tensor

NEAR = 0.01
"""Largest cosine distance of the pooled features, in every modality, of near duplicates."""
SAME_PICTURE = 0.004
"""Largest cosine distance of the thumbnails of near duplicates."""
THUMBNAIL = (2, 8, 8)
"""Frames, rows and columns of a thumbnail."""
FLAT = 0.1  # of pixels that vary by about 1: two thumbnails without contrast are alike
BLOCK = 1024  # windows that are compared with others at a time


def thumbnails(video: Tensor) -> Tensor:
    """What the pixels of clips show, whatever a network makes of them.

    Parameters
    ----------
    video : Tensor
        (B, C, T, S, S) float, as the network sees it.

    Returns
    -------
    Tensor
        (B, 129) float32: grey means over cells of time and space, without their mean, and a
        constant, so that their cosine is a correlation. Of clips without contrast it is 1.
    """
    grey = video.float().mean(1, keepdim=True)
    cells = torch.nn.functional.adaptive_avg_pool3d(grey, THUMBNAIL).flatten(1)
    cells = cells - cells.mean(1, keepdim=True)
    return torch.nn.functional.pad(cells, (0, 1), value=FLAT)


def thumbnail_size() -> int:
    """Length of a row of `thumbnails`."""
    frames, rows, columns = THUMBNAIL
    return frames * rows * columns + 1


def first_of_each(groups: "pd.Series[str]") -> "pd.Series[int]":
    """Position of the first row with the same text; of an empty text, the row's own.

    Parameters
    ----------
    groups : Series of str
        Such as digests.

    Returns
    -------
    Series of int
        Positions, with the index of `groups`.
    """
    places = pd.Series(np.arange(len(groups)), index=groups.index)
    firsts = places.groupby(groups).transform("min")
    return firsts.where(groups != "", places).astype(int)


def near_duplicates(
    features: Mapping[str, np.ndarray],
    rows: np.ndarray,
    distances: Mapping[str, float] = MappingProxyType({}),
) -> dict[int, int]:
    """Find windows whose features are nearly those of an earlier window.

    Each window is compared with the earlier ones that repeat none themselves, and belongs to the
    first that is near in all features; so a group is never wider than twice the distance.

    Parameters
    ----------
    features : mapping of str to ndarray
        By name: (N, D); all of `rows` have all of them.
    rows : ndarray
        (n,) int, ascending: the windows to compare.
    distances : mapping of str to float
        Largest cosine distance by name of the features, `NEAR` for others.

    Returns
    -------
    dict of int to int
        Row of the first window, by the row of each that repeats it.
    """
    largest = [distances.get(name, NEAR) for name in features]
    leaders: list[int] = []
    found: dict[int, int] = {}
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        own = _directions(features, block)
        match = _first_near(features, own, leaders, largest)
        inside = _near(own, own, largest)
        new: list[int] = []
        for place, row in enumerate(block.tolist()):
            if match[place] < 0 and new:
                near = np.flatnonzero(inside[place, new])
                match[place] = block[new[near[0]]] if len(near) else -1
            if match[place] < 0:
                new.append(place)
            else:
                found[row] = int(match[place])
        leaders += block[new].tolist()
    return found


def _first_near(
    features: Mapping[str, np.ndarray],
    own: list[np.ndarray],
    leaders: Sequence[int],
    largest: list[float],
) -> np.ndarray:
    """The first leader that is near each window, -1 for none."""
    match = np.full(len(own[0]), -1)
    for first in range(0, len(leaders), BLOCK):
        block = np.array(leaders[first : first + BLOCK])
        near = _near(own, _directions(features, block), largest)
        new = (match < 0) & near.any(1)
        match[new] = block[near[new].argmax(1)]
    return match


def _directions(features: Mapping[str, np.ndarray], rows: np.ndarray) -> list[np.ndarray]:
    """Features of unit length."""
    taken = [np.asarray(array[rows], np.float32) for array in features.values()]
    lengths = [np.linalg.norm(values, axis=1, keepdims=True) for values in taken]
    return [v / np.maximum(n, 1e-12) for v, n in zip(taken, lengths, strict=True)]


def _near(own: list[np.ndarray], others: list[np.ndarray], largest: list[float]) -> np.ndarray:
    """(n, m) bool: whether two windows are near in all features."""
    near = [a @ b.T >= 1 - limit for a, b, limit in zip(own, others, largest, strict=True)]
    return np.logical_and.reduce(near)
