"""Windows that repeat others: with the same bytes, or nearly the same features."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

NEAR = 0.01
"""Largest cosine distance of the pooled features, in every modality, of near duplicates."""
BLOCK = 1024  # windows that are compared with others at a time


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
    features: Mapping[str, np.ndarray], rows: np.ndarray, distance: float = NEAR
) -> dict[int, int]:
    """Find windows whose features are nearly those of an earlier window.

    Each window is compared with the earlier ones that repeat none themselves, and belongs to the
    first that is near; so a group is never wider than twice the distance.

    Parameters
    ----------
    features : mapping of str to ndarray
        By modality: (N, D); all of `rows` have all of them.
    rows : ndarray
        (n,) int, ascending: the windows to compare.
    distance : float
        Largest cosine distance, in every modality.

    Returns
    -------
    dict of int to int
        Row of the first window, by the row of each that repeats it.
    """
    leaders: list[int] = []
    found: dict[int, int] = {}
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        own = _directions(features, block)
        match = _first_near(features, own, leaders, distance)
        inside = _near(own, own, distance)
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
    distance: float,
) -> np.ndarray:
    """The first leader that is near each window, -1 for none."""
    match = np.full(len(own[0]), -1)
    for first in range(0, len(leaders), BLOCK):
        block = np.array(leaders[first : first + BLOCK])
        near = _near(own, _directions(features, block), distance)
        new = (match < 0) & near.any(1)
        match[new] = block[near[new].argmax(1)]
    return match


def _directions(features: Mapping[str, np.ndarray], rows: np.ndarray) -> list[np.ndarray]:
    """Features of unit length."""
    taken = [np.asarray(array[rows], np.float32) for array in features.values()]
    lengths = [np.linalg.norm(values, axis=1, keepdims=True) for values in taken]
    return [v / np.maximum(n, 1e-12) for v, n in zip(taken, lengths, strict=True)]


def _near(own: list[np.ndarray], others: list[np.ndarray], distance: float) -> np.ndarray:
    """(n, m) bool: whether two windows are near in every modality."""
    pairs = [a @ b.T >= 1 - distance for a, b in zip(own, others, strict=True)]
    return np.logical_and.reduce(pairs)
