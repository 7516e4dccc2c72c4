"""Where the clips of a page lie in the plane."""

from pathlib import Path

import numpy as np
import pandas as pd

from selavi.evaluation.clip_map import ClipMap
from selavi.files import UserError

MOST = 65535
"""Coordinates are 16-bit numbers: finer than a screen, at any zoom that tells clips apart."""


def read_map(path: Path, ids: "pd.Series[str]") -> ClipMap:
    """Read the positions of some clips.

    Parameters
    ----------
    path : Path
        File of the map stage.
    ids : Series of str
        The clips.

    Returns
    -------
    ClipMap
        In the order of `ids`.

    Raises
    ------
    UserError
        If the file is missing or damaged, or lacks one of the clips.
    """
    made = ClipMap.read(path)
    places = pd.Index(made.ids).get_indexer(pd.Index(ids))
    missing = places < 0
    if missing.any():
        raise UserError(
            f"{path} lacks {missing.sum()} of {len(ids)} clips, the first of them "
            f"{ids[missing].iloc[0]}; make it again from the same index"
        )
    return ClipMap(made.ids[places], made.positions[places], made.method, made.of)


def grid(positions: np.ndarray) -> np.ndarray:
    """Positions as whole numbers, with the same scale in both directions.

    Parameters
    ----------
    positions : numpy.ndarray
        (N, 2) float32.

    Returns
    -------
    numpy.ndarray
        (N, 2) uint16; the longer side is from 0 to `MOST`, the middle of the shorter one is that of
        this range.
    """
    low, high = positions.min(0), positions.max(0)
    scale = MOST / max(float((high - low).max()), 1e-12)
    return (
        ((positions - (low + high) / 2) * scale + MOST / 2).round().clip(0, MOST).astype(np.uint16)
    )
