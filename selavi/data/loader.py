"""Stream batches of clips from shards: the same batches whatever the number of workers.

Every clip is read once per epoch. The order is a function of (seed, epoch): shards are shuffled,
and clips within a window of a few shards, so that reading stays local. A clip's views are drawn
from (seed, pass, sample) alone.
"""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from selavi.data.clips import CorruptClip, decode_frames, decode_samples, read_member
from selavi.records import Batch
from selavi.settings import AudioSettings, VideoSettings
from selavi.transforms import audio as audio_transforms
from selavi.transforms import video as video_transforms

WINDOW_SHARDS = 8
ORDER, VIEWS = 0, 1  # purposes of random numbers: streams that never meet


@dataclass(frozen=True)
class Clips:
    """A split's clips and how to look at them. `index` is the index stage's table."""

    index: pd.DataFrame
    folder: Path
    video: VideoSettings
    audio: AudioSettings

    def __len__(self) -> int:
        return len(self.index)


def epoch_order(shards: np.ndarray, seed: int, epoch: int) -> np.ndarray:
    """Order of the samples in one epoch: each exactly once.

    shards : (N,) the shard of each sample. Returns (N,) int64.
    """
    random = np.random.default_rng((seed, ORDER, epoch))
    names = random.permutation(np.unique(shards))
    parts = []
    for first in range(0, len(names), WINDOW_SHARDS):
        window = np.flatnonzero(np.isin(shards, names[first : first + WINDOW_SHARDS]))
        parts.append(random.permutation(window))
    return np.concatenate(parts)


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
    views: int = 0,
    first_step: int = 0,
    workers: int = 0,
) -> Iterator[Batch]:
    """Augmented batches of one epoch for one rank, from `first_step` on.

    Other `views` give the same clips in the same order, augmented in another way.

    A step's `batch_size * world` clips are dealt to the ranks in order, so that every rank has
    len(clips) // (batch_size * world) steps; the last incomplete step is dropped, as in the paper.
    """
    order = epoch_order(clips.index["shard"].to_numpy(dtype=str), seed, epoch)
    everyone = batch_size * world
    steps = len(order) // everyone
    chunks = order[: steps * everyone].reshape(steps, world, batch_size)[first_step:, rank]
    return _load(clips, list(chunks), (seed, VIEWS + views, epoch), workers)


def pass_batches(
    clips: Clips,
    *,
    batch_size: int,
    augmented: tuple[int, int] | None = None,
    rank: int = 0,
    world: int = 1,
    workers: int = 0,
) -> Iterator[Batch]:
    """Every clip of this rank's share once, in order, the ragged end included.

    augmented : (seed, number of the pass) for random views, None for the centre view.
    """
    share = np.arange(len(clips))[rank_share(len(clips), rank, world)]
    chunks = [share[i : i + batch_size] for i in range(0, len(share), batch_size)]
    # Passes are numbered below the epochs, which count up from 0.
    key = None if augmented is None else (augmented[0], VIEWS, 2**32 + augmented[1])
    return _load(clips, chunks, key, workers)


def _load(
    clips: Clips, chunks: list[np.ndarray], key: tuple[int, int, int] | None, workers: int
) -> Iterator[Batch]:
    loader = DataLoader(
        _Batches(clips, chunks, key),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        # Its own generator: the loader's draws must not move the training's random numbers, or a
        # resumed epoch, which opens one more loader, would go another way.
        generator=torch.Generator(),
        worker_init_fn=_start_worker,
        pin_memory=torch.cuda.is_available(),
    )
    for item in loader:
        if isinstance(item, Exception):
            raise item
        yield item


def _start_worker(worker: int) -> None:
    """One thread each; signals to the whole process group are the training's to answer."""
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)


class _Batches(Dataset[Batch | Exception]):
    """Batch i is chunks[i], whichever worker makes it.

    A mistake that a person can mend is handed over as a value: raised in a worker it would arrive
    wrapped in the worker's traceback.
    """

    def __init__(
        self, clips: Clips, chunks: list[np.ndarray], key: tuple[int, int, int] | None
    ) -> None:
        self.clips = clips
        self.chunks = chunks
        self.key = key
        self.columns: dict[str, Any] = {c: clips.index[c].to_numpy() for c in clips.index.columns}

    def __len__(self) -> int:
        return len(self.chunks)

    def __getitem__(self, number: int) -> Batch | Exception:
        try:
            return self._batch(self.chunks[number])
        except ValueError as error:
            return error

    def _batch(self, samples: np.ndarray) -> Batch:
        pictures, waves, views = [], [], []
        for sample in samples:
            picture, wave, view = self._clip(int(sample))
            pictures.append(picture)
            waves.append(wave)
            views.append(view)
        sound = self.clips.audio
        rate = int(self.columns["rate"][samples[0]])
        spectrograms = audio_transforms.log_filterbank(
            torch.stack(waves), rate, sound.filters, sound.fft
        )
        return Batch(
            torch.from_numpy(samples.astype(np.int64)),
            torch.stack(pictures),
            audio_transforms.prepare_audio(spectrograms, views, sound),
        )

    def _clip(self, sample: int) -> tuple[Tensor, Tensor, audio_transforms.AudioView]:
        row = {name: column[sample] for name, column in self.columns.items()}
        frames, fps = int(row["frames"]), float(row["fps"])
        picture, sound = self.clips.video, self.clips.audio
        if self.key is None:
            view = video_transforms.centre_view(picture, frames, fps)
            hearing = audio_transforms.AudioView()
        else:
            random = np.random.default_rng((*self.key, sample))
            view = video_transforms.random_view(picture, frames, fps, random)
            hearing = audio_transforms.random_view(sound, random)
        tar = self.clips.folder / str(row["shard"])
        numbers = video_transforms.frame_numbers(view, picture, frames, fps)
        try:
            mp4 = read_member(tar, int(row["video_offset"]), int(row["video_size"]))
            decoded = decode_frames(mp4, numbers, fps, picture.grey)
            wav = read_member(tar, int(row["audio_offset"]), int(row["audio_size"]))
            samples = decode_samples(wav)
        except CorruptClip as error:
            raise CorruptClip(f"{row['path']} in {tar}: {error}") from None
        window = audio_transforms.cut_window(
            samples, view.start / fps, sound.seconds, int(row["rate"])
        )
        return (
            video_transforms.prepare_video(torch.from_numpy(decoded), view, picture),
            torch.from_numpy(window * hearing.volume),
            hearing,
        )
