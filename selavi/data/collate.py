"""Make batches of clips in loader processes, and finish them on the device that computes.

Features that are given are taken by the clips' numbers; if nothing else is read, there are no
loader processes.

Loader processes send what is small: of a frame the bytes that its crop is made of, a quarter of the
finished floats. Frames are resized and normalised on the batch's device; spectrograms are computed
there, too, if it is a GPU.
"""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from selavi.allocator import keep_freed_memory
from selavi.batch import Batch
from selavi.data.dataset import Clips
from selavi.data.shards.reader import CorruptClip
from selavi.data.view_reader import View, ViewReader
from selavi.data.waiting import POLL_SECONDS, answers, pack
from selavi.engine.stop import SIGNALS
from selavi.files import UserError
from selavi.settings import Modality
from selavi.shortage import shortage
from selavi.transforms.audio import prepare_audio
from selavi.transforms.video.resize import Windows
from selavi.transforms.video.views import prepare_video

PREFETCH = 4  # batches that each worker makes ahead


class Views(Protocol):
    """The views of a sample, each drawn from the sample's number alone."""

    @property
    def count(self) -> int:
        """Views of each sample."""

    def given(self, modality: Modality, samples: np.ndarray) -> np.ndarray:
        """Views of given features: (len(samples) * count, D) float32, by clip and then by view."""

    def __call__(self, sample: int) -> list[View]:
        """The views."""


@dataclass(frozen=True)
class _Made:
    """What a loader process sends.

    `tensors`: `sample` (B,) int64; of video, the fields of `Windows`; of audio, `waveforms` (B, n)
    int16 or `spectrograms` (B, 1, F, S) float32; empty if no clip can be read. `views`: B views.
    `corrupt`: what is wrong with each corrupt clip met, by sample.
    """

    tensors: dict[str, Tensor]
    views: list[View]
    corrupt: dict[int, str]

    def each(self, change: Callable[[Tensor], Tensor]) -> "_Made":
        return replace(self, tensors={name: change(t) for name, t in self.tensors.items()})

    def pin_memory(self) -> "_Made":
        return self.each(lambda tensor: tensor.pin_memory())


def load(
    clips: Clips,
    chunks: list[np.ndarray],
    views: Views,
    *,
    fill: bool,
    workers: int,
    device: torch.device | None,
) -> Iterator[Batch]:
    """Load a batch of the samples in each chunk, in order, whatever the number of workers.

    Parameters
    ----------
    clips : Clips
        The split.
    chunks : list of numpy.ndarray
        Samples of each batch.
    views : callable
        The views of a sample.
    fill : bool
        Replace a corrupt clip by another clip of its batch, so that every batch has its size;
        otherwise the batch is smaller, and may be empty.
    workers : int
        Loader processes; 0 loads in this process.
    device : torch.device or None
        Where the batches go; None is the CPU.

    Yields
    ------
    Batch
        On the device, in the order of the chunks.

    Raises
    ------
    UserError
        If a shard is missing or cut short, or `fill` finds no clip of a batch that can be read.
    """
    device = device or torch.device("cpu")
    if not clips.modalities:
        yield from _given_batches(clips, chunks, views, fill, device)
        return
    keep_freed_memory()
    loader = DataLoader(
        _Batches(clips, chunks, views, fill, spectrograms=device.type == "cpu"),
        batch_size=None,
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,  # which shares tables and frames
        prefetch_factor=PREFETCH if workers else None,
        timeout=POLL_SECONDS if workers else 0,
        # Its own generator: the loader's draws must not move the training's random numbers, or a
        # resumed epoch, which opens one more loader, would go another way.
        generator=torch.Generator(),
        worker_init_fn=_start_worker,
        pin_memory=device.type == "cuda",
    )
    for made in answers(loader):
        if isinstance(made, Exception):
            raise made
        if not made.tensors and fill:
            raise UserError(_none_left(clips, made.corrupt))
        yield _finish(made, clips, views, device)


def _given_batches(
    clips: Clips, chunks: list[np.ndarray], views: Views, fill: bool, device: torch.device
) -> Iterator[Batch]:
    """Batches of clips whose features are all given."""
    for samples in chunks:
        corrupt = {int(n): clips.rejected[n] for n in samples if n in clips.rejected}
        whole = np.array([n for n in samples if n not in corrupt], samples.dtype)
        if fill and not len(whole):
            raise UserError(_none_left(clips, corrupt))
        chosen = np.resize(whole, len(samples)) if fill else whole
        rows = torch.from_numpy(np.repeat(chosen, views.count))
        yield _with_given(Batch(rows.to(device), None, None, corrupt), clips, views)


def _with_given(batch: Batch, clips: Clips, views: Views) -> Batch:
    """The batch with the given features of its clips."""
    samples = batch.sample.cpu().numpy()[:: views.count]
    for modality in clips.features:
        given = torch.from_numpy(views.given(modality, samples)).to(batch.sample.device)
        batch = replace(batch, video=given) if modality == "video" else replace(batch, audio=given)
    return batch


def _none_left(clips: Clips, corrupt: dict[int, str]) -> str:
    listed = "".join(f"\n  {clips.describe(*found)}" for found in corrupt.items())
    return f"every clip of a batch is corrupt; make their shards again:{listed}"


def _start_worker(worker: int) -> None:
    """Use one thread, and leave signals to the whole process group to the training."""
    torch.set_num_threads(1)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class _Batches(Dataset[object]):
    """Batch i is chunks[i], whichever worker makes it.

    A UserError is returned as a value: raised in a worker, it would arrive wrapped in the worker's
    traceback. The text of the index stays in the main process: strings that a forked process reads
    are copied into it, page by page.
    """

    def __init__(
        self, clips: Clips, chunks: list[np.ndarray], views: Views, fill: bool, spectrograms: bool
    ) -> None:
        self.reader = ViewReader(clips)
        self.rejected = clips.rejected
        self.chunks, self.views = chunks, views
        self.fill, self.spectrograms = fill, spectrograms

    def __len__(self) -> int:
        return len(self.chunks)

    def __getitem__(self, number: int) -> object:
        try:
            return pack(self._make(self.chunks[number].tolist()))
        except UserError as error:
            return error
        except (OSError, RuntimeError, MemoryError) as error:
            if words := shortage(error):
                return UserError(words)
            raise

    def _make(self, samples: list[int]) -> _Made:
        views_of = [self.views(sample) for sample in samples]
        views = [view for several in views_of for view in several]
        windows = self.reader.empty_windows(samples, views_of)
        waveforms = self.reader.silence(len(views))
        whole: list[int] = []  # rows of the clips that can be read, one row per view
        corrupt: dict[int, str] = {}
        end = 0
        for sample, several in zip(samples, views_of, strict=True):
            rows = range(end, end + len(several))
            end = rows.stop
            try:
                if sample in self.rejected:
                    raise CorruptClip(self.rejected[sample])
                self.reader.read(sample, several, windows, waveforms, rows)
            except CorruptClip as error:
                corrupt[sample] = str(error)
            else:
                whole += rows
        if not whole:
            return _Made({}, [], corrupt)
        if self.fill:  # every clip has as many views: the first clips stand in for corrupt ones
            whole = [whole[row % len(whole)] for row in range(len(views))]
        arrays = {"sample": np.repeat(samples, [len(several) for several in views_of])}
        arrays |= {} if windows is None else windows.arrays()
        arrays |= {} if waveforms is None else {"waveforms": waveforms}
        if corrupt:
            arrays = {name: array[whole] for name, array in arrays.items()}
            views = [views[row] for row in whole]
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        audio, rate = self.reader.audio, self.reader.rate
        if audio is not None and self.spectrograms:
            audio_views = [view for _, view in views]
            tensors["spectrograms"] = prepare_audio(
                tensors.pop("waveforms"), audio_views, rate, audio
            )
        return _Made(tensors, views, corrupt)


def _finish(made: _Made, clips: Clips, views: Views, device: torch.device) -> Batch:
    if not made.tensors:
        return Batch(torch.zeros(0, dtype=torch.int64, device=device), None, None, made.corrupt)
    parts = made.each(lambda tensor: tensor.to(device, non_blocking=True)).tensors
    video, audio = None, parts.get("spectrograms")
    if "luma" in parts:
        names = {part.name for part in fields(Windows)}
        windows = Windows(**{name: part for name, part in parts.items() if name in names})
        video = prepare_video(windows, [view for view, _ in made.views], clips.video)
    if "waveforms" in parts:
        audio_views = [view for _, view in made.views]
        audio = prepare_audio(parts["waveforms"], audio_views, clips.rate, clips.audio)
    return _with_given(Batch(parts["sample"], video, audio, made.corrupt), clips, views)
