"""Stream batches of clips from shards: the same batches for any number of workers.

An epoch reads every clip once. Its order is a shuffle of all clips across all shards by (seed,
epoch), so batches are mixed even if shards are sorted by class; clips are read by byte position, so
this costs no more than a shuffle within a buffer. A clip's views depend on (seed, pass, sample)
alone.

A batch names its corrupt clips (`Batch.corrupt`); `CorruptClips.counted` counts them. An epoch
replaces them by other clips of the same batch, so that every rank has its number of steps; a pass
omits them, and a batch of corrupt clips alone is empty.
"""

from collections.abc import Iterator

import numpy as np
import torch

from selavi.batch import Batch
from selavi.data.collate import Views, load
from selavi.data.dataset import Clips, open_clips
from selavi.data.view_reader import View
from selavi.settings import Modality
from selavi.transforms import audio as audio_transforms
from selavi.transforms.video import views as video_transforms
from selavi.transforms.video.views import ViewGrid

__all__ = [
    "Clips",
    "ViewGrid",
    "epoch_order",
    "open_clips",
    "pass_batches",
    "rank_share",
    "training_batches",
    "view_batches",
]

ORDER, VIEWS = 0, 1  # part of each seed, so that the random streams never coincide


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Order of the samples in one epoch.

    Parameters
    ----------
    count : int
        Number of samples.
    seed : int
        The run's seed.
    epoch : int
        Number of the epoch, from 0.

    Returns
    -------
    ndarray
        A permutation, (count,) int64.
    """
    return np.random.default_rng((seed, ORDER, epoch)).permutation(count)


def rank_share(count: int, rank: int, world: int) -> slice:
    """The contiguous share of `count` items that a rank owns; shares differ by at most one."""
    return slice(rank * count // world, (rank + 1) * count // world)


def training_batches(
    clips: Clips,
    *,
    seed: int,
    epoch: int,
    batch_size: int,
    rank: int = 0,
    world: int = 1,
    views: int = 1,
    first_step: int = 0,
    workers: int = 0,
    device: torch.device | None = None,
) -> Iterator[Batch]:
    """Augmented batches of one epoch for one rank.

    A step's `batch_size * world` clips are dealt to the ranks in order, so that every rank has
    len(clips) // (batch_size * world) steps; the last incomplete step is dropped, as in the paper.

    Parameters
    ----------
    clips : Clips
        The split.
    seed : int
        The run's seed.
    epoch : int
        Number of the epoch, from 0.
    batch_size : int
        Clips per batch.
    rank : int
        Number of this process.
    world : int
        Number of processes.
    views : int
        Augmented views per clip; a batch has batch_size * views, by clip and then by view (see
        `Batch.by_view`). More views do not change the first ones.
    first_step : int
        The step to begin with.
    workers : int
        Loader processes; they do not change the batches.
    device : torch.device, optional
        Where batches are finished; with a CPU or None the workers do it.

    Yields
    ------
    Batch
        One batch per step.

    Raises
    ------
    UserError
        If a shard is missing or cut off.
    """
    order = epoch_order(len(clips), seed, epoch)
    everyone = batch_size * world
    steps = len(order) // everyone
    chunks = order[: steps * everyone].reshape(steps, world, batch_size)[first_step:, rank]
    random_views = _Random(clips, [(seed, VIEWS + view, epoch) for view in range(views)])
    return load(clips, list(chunks), random_views, fill=True, workers=workers, device=device)


def pass_batches(
    clips: Clips,
    *,
    batch_size: int,
    augmented: tuple[int, int] | None = None,
    rank: int = 0,
    world: int = 1,
    workers: int = 0,
    device: torch.device | None = None,
) -> Iterator[Batch]:
    """Every clip of this rank's share once, in order, a last smaller batch included.

    Corrupt clips are omitted: a batch may be smaller, even empty.

    Parameters
    ----------
    clips : Clips
        The split.
    batch_size : int
        Clips per batch.
    augmented : tuple of int and int, optional
        Seed and number of the pass, for random views; by default centre views.
    rank : int
        Number of this process.
    world : int
        Number of processes.
    workers : int
        Loader processes; they do not change the batches.
    device : torch.device, optional
        Where batches are finished; with a CPU or None the workers do it.

    Yields
    ------
    Batch
        Batches of one view per clip.

    Raises
    ------
    UserError
        If a shard is missing or cut off.
    """
    # Passes are numbered from 2^32, so that no pass shares its random views with an epoch.
    views: Views = (
        _Centre(clips)
        if augmented is None
        else _Random(clips, [(augmented[0], VIEWS, 2**32 + augmented[1])])
    )
    chunks = _share_in_chunks(clips, batch_size, rank, world)
    return load(clips, chunks, views, fill=False, workers=workers, device=device)


def view_batches(
    clips: Clips,
    *,
    views: ViewGrid,
    batch_size: int,
    rank: int = 0,
    world: int = 1,
    workers: int = 0,
    device: torch.device | None = None,
) -> Iterator[Batch]:
    """The test views of every clip of this rank's share, in order, each clip read once.

    `Batch.sample` repeats a sample for each of its `len(views)` views, by clip and then by crop
    (see `ViewGrid`). Corrupt clips are omitted.

    Parameters
    ----------
    clips : Clips
        The split.
    views : ViewGrid
        The test views.
    batch_size : int
        Views per batch; a batch has all views of a sample, even if those of one are more.
    rank : int
        Number of this process.
    world : int
        Number of processes.
    workers : int
        Loader processes; they do not change the batches.
    device : torch.device, optional
        Where batches are finished; with a CPU or None the workers do it.

    Yields
    ------
    Batch
        All test views of one sample or several.

    Raises
    ------
    UserError
        If a shard is missing or cut off.
    """
    chunks = _share_in_chunks(clips, max(1, batch_size // len(views)), rank, world)
    grid_views = _Grid(clips, views)
    return load(clips, chunks, grid_views, fill=False, workers=workers, device=device)


def _share_in_chunks(clips: Clips, size: int, rank: int, world: int) -> list[np.ndarray]:
    share = np.arange(len(clips))[rank_share(len(clips), rank, world)]
    return [share[i : i + size] for i in range(0, len(share), size)]


class _Centre:
    """The centre view, from which clusters are assigned."""

    count = 1

    def __init__(self, clips: Clips) -> None:
        self.video, self.audio = clips.video, clips.audio
        self.numbers, self.clips = clips.numbers, clips

    def given(self, modality: Modality, samples: np.ndarray) -> np.ndarray:
        """Given features as they are, once for each view."""
        rows = np.asarray(self.clips.features[modality][samples])
        return rows.repeat(self.count, axis=0)

    def __call__(self, sample: int) -> list[View]:
        video_view = video_transforms.centre_view(self.video, *self.length(sample))
        return [(video_view, audio_transforms.AudioView())]

    def length(self, sample: int) -> tuple[int, float]:
        """Number of stored frames of a clip, and their frame rate."""
        return int(self.numbers["frames"][sample]), float(self.numbers["fps"][sample])


class _Random(_Centre):
    """Training views, each drawn from its own key and the sample's number."""

    def __init__(self, clips: Clips, keys: list[tuple[int, int, int]]) -> None:
        super().__init__(clips)
        self.keys, self.count = keys, len(keys)

    def __call__(self, sample: int) -> list[View]:
        return [self._draw(np.random.default_rng((*key, sample)), sample) for key in self.keys]

    def given(self, modality: Modality, samples: np.ndarray) -> np.ndarray:
        """Views of given features, if the clips have any."""
        draws, rows = self.clips.feature_views, self.clips.features[modality]
        if draws is None:
            return super().given(modality, samples)
        views = [draws.draw(modality, rows, samples, key) for key in self.keys]
        return np.stack(views, 1).reshape(-1, rows.shape[1])

    def _draw(self, random: np.random.Generator, sample: int) -> View:
        video_view = video_transforms.random_view(self.video, *self.length(sample), random)
        return video_view, audio_transforms.random_view(self.audio, random)


class _Grid(_Centre):
    """All test views."""

    def __init__(self, clips: Clips, grid: ViewGrid) -> None:
        super().__init__(clips)
        self.grid, self.count = grid, len(grid)

    def __call__(self, sample: int) -> list[View]:
        wide = bool(self.numbers["width"][sample] >= self.numbers["height"][sample])
        video_views = video_transforms.grid_views(
            self.video, self.grid, *self.length(sample), wide=wide
        )
        return [(video_view, audio_transforms.AudioView()) for video_view in video_views]
