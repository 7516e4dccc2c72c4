"""Stream batches of clips from shards: the same batches whatever the number of workers.

Every clip is read once per epoch. The order is a function of (seed, epoch): all clips are shuffled,
over all shards, so that batches are mixed even if the shards are sorted by class. A clip is read by
its position in the shard in one piece, so this costs no more than a shuffle of neighbours would. A
clip's views are drawn from (seed, pass, sample) alone.

A batch names the corrupt clips met in making it (`Batch.corrupt`); `CorruptClips.counted` counts
them. In an epoch their places go to other clips of the same batch, so that every rank keeps its
number of steps; a pass leaves them out, and a batch of corrupt clips alone comes empty.
"""

from collections.abc import Iterator

import numpy as np
import torch

from selavi.batch import Batch
from selavi.data.collate import View, Views, load
from selavi.data.dataset import Clips, open_clips
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

ORDER, VIEWS = 0, 1  # purposes of random numbers: streams that never meet


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Order of `count` samples in one epoch: each exactly once, (count,) int64."""
    return np.random.default_rng((seed, ORDER, epoch)).permutation(count)


def rank_share(count: int, rank: int, world: int) -> slice:
    """The contiguous share of `count` items that a rank owns; shares differ by one at most."""
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
    """Augmented batches of one epoch for one rank, from `first_step` on.

    A step's `batch_size * world` clips are dealt to the ranks in order, so that every rank has
    len(clips) // (batch_size * world) steps; the last incomplete step is dropped, as in the paper.

    views : how many augmented views of each clip; a batch holds batch_size * views of them, by
        clip and then by view (`Batch.by_view`). The first ones are the same whatever the number.
    device : where to finish the batches; a CPU, or None, leaves all work to the workers.

    Raises
    ------
    UserError for shards that are missing or cut short.
    """
    order = epoch_order(len(clips), seed, epoch)
    everyone = batch_size * world
    steps = len(order) // everyone
    chunks = order[: steps * everyone].reshape(steps, world, batch_size)[first_step:, rank]
    looks = _Random(clips, [(seed, VIEWS + view, epoch) for view in range(views)])
    return load(clips, list(chunks), looks, fill=True, workers=workers, device=device)


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
    """Every clip of this rank's share once, in order, the ragged end included.

    Corrupt clips are left out: a batch may be smaller, even empty.

    augmented : (seed, number of the pass) for random views, None for the centre view.
    device : where to finish the batches; a CPU, or None, leaves all work to the workers.

    Raises
    ------
    UserError for shards that are missing or cut short.
    """
    # Passes are numbered below the epochs, which count up from 0.
    looks: Views = (
        _Centre(clips)
        if augmented is None
        else _Random(clips, [(augmented[0], VIEWS, 2**32 + augmented[1])])
    )
    chunks = _share_in_chunks(clips, batch_size, rank, world)
    return load(clips, chunks, looks, fill=False, workers=workers, device=device)


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
    (see `ViewGrid`). A batch holds all views of its samples: as many samples as `batch_size` views
    allow, and one at least, even if it has more views than that. Corrupt clips are left out.

    Raises
    ------
    UserError for shards that are missing or cut short.
    """
    chunks = _share_in_chunks(clips, max(1, batch_size // len(views)), rank, world)
    looks = _Grid(clips, views)
    return load(clips, chunks, looks, fill=False, workers=workers, device=device)


def _share_in_chunks(clips: Clips, size: int, rank: int, world: int) -> list[np.ndarray]:
    share = np.arange(len(clips))[rank_share(len(clips), rank, world)]
    return [share[i : i + size] for i in range(0, len(share), size)]


class _Centre:
    """The view that clusters are judged by."""

    def __init__(self, clips: Clips) -> None:
        self.video, self.audio = clips.video, clips.audio
        self.numbers = clips.numbers

    def __call__(self, sample: int) -> list[View]:
        picture = video_transforms.centre_view(self.video, *self.length(sample))
        return [(picture, audio_transforms.AudioView())]

    def length(self, sample: int) -> tuple[int, float]:
        """Stored frames of a clip, and their rate."""
        return int(self.numbers["frames"][sample]), float(self.numbers["fps"][sample])


class _Random(_Centre):
    """Training views, each drawn from a key of its own and the sample's number."""

    def __init__(self, clips: Clips, keys: list[tuple[int, int, int]]) -> None:
        super().__init__(clips)
        self.keys = keys

    def __call__(self, sample: int) -> list[View]:
        return [self._draw(np.random.default_rng((*key, sample)), sample) for key in self.keys]

    def _draw(self, random: np.random.Generator, sample: int) -> View:
        picture = video_transforms.random_view(self.video, *self.length(sample), random)
        return picture, audio_transforms.random_view(self.audio, random)


class _Grid(_Centre):
    """All test views."""

    def __init__(self, clips: Clips, grid: ViewGrid) -> None:
        super().__init__(clips)
        self.grid = grid

    def __call__(self, sample: int) -> list[View]:
        wide = bool(self.numbers["width"][sample] >= self.numbers["height"][sample])
        pictures = video_transforms.grid_views(
            self.video, self.grid, *self.length(sample), wide=wide
        )
        return [(picture, audio_transforms.AudioView()) for picture in pictures]
