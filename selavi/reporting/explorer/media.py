"""Which clips a page stores: the most certain and some others of each cluster, within a limit."""

import logging

import numpy as np
import pandas as pd

from selavi.reporting.explorer.clips import seconds_of
from selavi.reporting.explorer.excerpt import AUDIO_BITS, SECONDS
from selavi.reporting.explorer.views import View

log = logging.getLogger(__name__)

PICTURE_BYTES = 6_000
"""Of a picture and of the container, roughly."""


def pick_ranks(size: int, count: int) -> list[int]:
    """Ranks of the clips to store of a cluster.

    The first half are the clips with the largest margins; the others are evenly spaced over the
    remaining ranks, down to the smallest margin, so that doubtful clips are stored, too.

    Parameters
    ----------
    size : int
        Number of clips, ranked from the largest margin (0).
    count : int
        Maximum number of clips to store.

    Returns
    -------
    list of int
        Ranks, ascending.

    Examples
    --------
    >>> pick_ranks(100, 6)
    [0, 1, 2, 34, 66, 99]
    >>> pick_ranks(3, 6)
    [0, 1, 2]
    """
    if size <= count:
        return list(range(size))
    top = -(-count // 2)
    spaced, rest = count - top, size - top
    return [*range(top), *(top + i * rest // spaced - 1 for i in range(1, spaced + 1))]


def estimate_bytes(clips: pd.DataFrame) -> np.ndarray:
    """Roughly what each clip takes on a page, in bytes.

    Parameters
    ----------
    clips : DataFrame
        N rows of an index.

    Returns
    -------
    numpy.ndarray
        (N,) float64.
    """
    seconds = seconds_of(clips)
    kept = np.minimum(seconds, SECONDS)
    share = np.divide(kept, seconds, out=np.ones(len(clips)), where=seconds > 0)
    video = clips["video_size"].to_numpy(float) * share
    audio = (clips["samples"].to_numpy() > 0) * kept * AUDIO_BITS / 8
    return video + audio + PICTURE_BYTES


def choose_clips(
    view: View, clips: pd.DataFrame, stored: np.ndarray, per_cluster: int, megabytes: float
) -> np.ndarray:
    """Positions of the clips to store, ascending.

    Parameters
    ----------
    view : View
        The selected view of N clips.
    clips : DataFrame
        What is stored of them: N rows of an index.
    stored : numpy.ndarray
        (N,) bool, whether a clip has media.
    per_cluster : int
        Maximum number of clips per cluster. Fewer are taken if those would be larger than
        `megabytes`, at least one per cluster.
    megabytes : float
        Limit of all clips together, in 10^6 bytes.

    Returns
    -------
    numpy.ndarray
        (M,) int64.
    """
    places = np.flatnonzero(stored)
    margins = np.zeros(len(stored)) if view.margins is None else view.margins.astype(float)
    order = places[np.lexsort((places, -margins[places], view.assigned[places]))]
    edges = np.flatnonzero(np.diff(view.assigned[order])) + 1
    groups = [group for group in np.split(order, edges) if len(group)]
    sizes = estimate_bytes(clips)

    def chosen(count: int) -> np.ndarray:
        picked = [group[pick_ranks(len(group), count)] for group in groups]
        return np.sort(np.concatenate(picked)) if picked else np.zeros(0, np.int64)

    most = min(per_cluster, max(map(len, groups), default=1))
    low, high = 1, most
    while low < high:  # the largest number within the limit
        middle = (low + high + 1) // 2
        if sizes[chosen(middle)].sum() <= megabytes * 1e6:
            low = middle
        else:
            high = middle - 1
    rows = chosen(low)
    if low < most:
        log.info(
            "%d clips per cluster fit in %g MB; %d were asked for", low, megabytes, per_cluster
        )
    return rows
