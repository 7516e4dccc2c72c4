"""Which clips a page stores: the most certain and some others of each cluster, within a limit."""

import logging

import numpy as np
import pandas as pd

from selavi.reporting.explorer.clips import seconds_of
from selavi.reporting.explorer.excerpt import AUDIO_BITS, SECONDS
from selavi.reporting.explorer.views import View

log = logging.getLogger(__name__)

CONTAINER_BYTES = 2_000
PICTURE_BYTES = 600
"""And of each pixel a fifth of a byte, roughly."""
PICTURES = 4
"""Pictures alone per cluster, as a multiple of its clips."""


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
    return video + audio + CONTAINER_BYTES + picture_bytes(clips)


def picture_bytes(clips: pd.DataFrame) -> np.ndarray:
    """Roughly what the picture of each clip of an index takes, in bytes; (N,) float64."""
    return PICTURE_BYTES + clips["width"].to_numpy(float) * clips["height"].to_numpy(float) / 5


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
    rows, most = _fitting(view, stored, estimate_bytes(clips), per_cluster, megabytes, least=1)
    if most < per_cluster and len(rows) < stored.sum():
        log.info(
            "%d clips per cluster fit in %g MB; %d were asked for", most, megabytes, per_cluster
        )
    return rows


def choose_pictures(
    view: View,
    clips: pd.DataFrame,
    stored: np.ndarray,
    chosen: np.ndarray,
    per_cluster: int,
    megabytes: float,
) -> np.ndarray:
    """Positions of further clips of which only a picture is stored, ascending.

    Parameters
    ----------
    view : View
        As of `choose_clips`.
    clips : DataFrame
        As of `choose_clips`.
    stored : numpy.ndarray
        As of `choose_clips`.
    chosen : numpy.ndarray
        What `choose_clips` returned.
    per_cluster : int
        As of `choose_clips`; `PICTURES` times as many pictures are taken, in what the clips leave
        of the limit.
    megabytes : float
        As of `choose_clips`.

    Returns
    -------
    numpy.ndarray
        (M,) int64.
    """
    others = stored.copy()
    others[chosen] = False
    left = megabytes - estimate_bytes(clips.iloc[chosen]).sum() / 1e6
    return _fitting(view, others, picture_bytes(clips), PICTURES * per_cluster, left, least=0)[0]


def _fitting(
    view: View, some: np.ndarray, sizes: np.ndarray, most: int, megabytes: float, least: int
) -> tuple[np.ndarray, int]:
    """Of some clips, as many of each cluster as fit; and this number, from `least` to `most`."""
    places = np.flatnonzero(some)
    margins = np.zeros(len(some)) if view.margins is None else view.margins.astype(float)
    order = places[np.lexsort((places, -margins[places], view.assigned[places]))]
    edges = np.flatnonzero(np.diff(view.assigned[order])) + 1
    groups = [group for group in np.split(order, edges) if len(group)]

    def chosen(count: int) -> np.ndarray:
        picked = [group[pick_ranks(len(group), count)] for group in groups]
        return np.sort(np.concatenate(picked)) if picked else np.zeros(0, np.int64)

    low, high = least, max(least, min(most, max(map(len, groups), default=least)))
    while low < high:  # the largest number within the limit
        middle = (low + high + 1) // 2
        if sizes[chosen(middle)].sum() <= megabytes * 1e6:
            low = middle
        else:
            high = middle - 1
    return chosen(low), low
