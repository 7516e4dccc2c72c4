"""Make batches of clips in loader processes, and finish them on the device that learns.

On a CPU the loader processes do everything. For a GPU they hand over what is small: the pixels that
a crop is made of, as bytes, and the samples of the window; resizing, normalisation and the log
filterbank then run on the GPU, batch by batch.
"""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from selavi.data.clip_table import Clips
from selavi.data.clips import AUDIO_READ, CorruptClip, decode_frames, decode_samples, open_shard
from selavi.files import UserError
from selavi.records import Batch
from selavi.settings import AudioSettings
from selavi.transforms.audio import AudioView, prepare_audio, window_samples
from selavi.transforms.resample import resample_batch
from selavi.transforms.video import (
    VideoView,
    finish_video,
    frame_numbers,
    prepare_video,
    view_taps,
)

View = tuple[VideoView, AudioView]
Views = Callable[[int], list[View]]
"""The views of a sample, each drawn from the sample's number alone."""


@dataclass(frozen=True)
class _Picture:
    """The decoded frames of a clip, (n, height, width, C) uint8, and which of them it shows."""

    frames: np.ndarray
    which: np.ndarray
    view: VideoView


@dataclass(frozen=True)
class _Unfinished:
    """A batch whose arithmetic is left to the device.

    tensors : sample (B,) int64; of the pictures, windows (B, T, h, w, C) uint8, rows and columns
        as in `resample_batch`; of the sound, waves (B, n) int16.
    """

    tensors: dict[str, Tensor]
    views: list[View]

    def each(self, change: Callable[[Tensor], Tensor]) -> "_Unfinished":
        return replace(self, tensors={name: change(t) for name, t in self.tensors.items()})


@dataclass(frozen=True)
class _Made:
    """What a loader process hands over: a batch, unless it is empty, and the corrupt clips met."""

    batch: Batch | _Unfinished | None
    corrupt: list[tuple[int, str]]

    def pin_memory(self) -> "_Made":
        if isinstance(self.batch, _Unfinished):
            return replace(self, batch=self.batch.each(lambda tensor: tensor.pin_memory()))
        return replace(self, batch=self.batch and self.batch.pin_memory())


def load(
    clips: Clips,
    chunks: list[np.ndarray],
    views: Views,
    *,
    fill: bool,
    workers: int,
    device: torch.device | None,
) -> Iterator[Batch]:
    """Batches of the samples in each chunk, in order, whatever the number of workers.

    Parameters
    ----------
    fill : give the place of a corrupt clip to another clip of its batch, so that every batch has
        its size; otherwise the batch is smaller, and left out if nothing is left.
    device : finish batches there; None or a CPU leaves all to the loader processes.

    Raises
    ------
    UserError for shards that are missing or cut short; if more clips are corrupt than
    `clips.max_corrupt` allows; and if `fill` finds no whole clip in a batch.
    """
    on_device = device is not None and device.type != "cpu"
    loader = DataLoader(
        _Batches(clips, chunks, views, fill, on_device),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        # Its own generator: the loader's draws must not move the training's random numbers, or a
        # resumed epoch, which opens one more loader, would go another way.
        generator=torch.Generator(),
        worker_init_fn=_start_worker,
        pin_memory=torch.cuda.is_available(),
    )
    for made in loader:
        if isinstance(made, Exception):
            raise made
        clips.note_corrupt(made.corrupt)
        batch = made.batch
        if batch is None:
            if fill:
                raise UserError(_none_left(clips, made.corrupt))
        elif isinstance(batch, _Unfinished):
            assert device is not None
            yield _finish(batch, clips, device)
        else:
            yield batch


def _none_left(clips: Clips, corrupt: list[tuple[int, str]]) -> str:
    listed = "".join(f"\n  {clips.describe(sample)}" for sample, _ in corrupt)
    return f"every clip of a batch is corrupt; make their shards again:{listed}"


def _start_worker(worker: int) -> None:
    """One thread each; signals to the whole process group are the training's to answer."""
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)


class _Batches(Dataset[_Made | Exception]):
    """Batch i is chunks[i], whichever worker makes it.

    A mistake that a person can mend is handed over as a value: raised in a worker it would arrive
    wrapped in the worker's traceback. The table's text stays with the main process: strings that
    are looked at are copied, page by page, into every process that looks.
    """

    def __init__(
        self, clips: Clips, chunks: list[np.ndarray], views: Views, fill: bool, on_device: bool
    ) -> None:
        self.video = clips.video if "video" in clips.modalities else None
        self.audio = clips.audio if "audio" in clips.modalities else None
        self.numbers, self.rate = clips.numbers, clips.rate
        self.shards, self.shard_of = clips.shards
        self.chunks, self.views = chunks, views
        self.fill, self.on_device = fill, on_device

    def __len__(self) -> int:
        return len(self.chunks)

    def __getitem__(self, number: int) -> _Made | Exception:
        try:
            return self._make(self.chunks[number].tolist())
        except ValueError as error:
            return error

    def _make(self, samples: list[int]) -> _Made:
        kept: list[int] = []
        views: list[View] = []
        pictures: list[_Picture] = []
        waves: list[np.ndarray] = []
        corrupt: list[tuple[int, str]] = []
        for sample in samples:
            looks = self.views(sample)
            try:
                found = self._read(sample, looks)
            except CorruptClip as error:
                corrupt.append((sample, str(error)))
                continue
            kept += [sample] * len(looks)
            views += looks
            pictures += found[0]
            waves += found[1]
        if not kept:
            return _Made(None, corrupt)
        if self.fill:  # with one view per sample: the first clips that are whole, over again
            places = [place % len(kept) for place in range(len(samples))]
            kept, views = [kept[p] for p in places], [views[p] for p in places]
            pictures = [pictures[p] for p in places] if pictures else []
            waves = [waves[p] for p in places] if waves else []
        tensors = {"sample": torch.tensor(kept)}
        if waves:
            tensors["waves"] = torch.from_numpy(np.stack(waves))
        if self.on_device:
            return _Made(_Unfinished(tensors | self._windows(pictures), views), corrupt)
        sound = _listen(tensors, views, self.rate, self.audio)
        return _Made(Batch(tensors["sample"], self._prepare(pictures), sound), corrupt)

    def _read(self, sample: int, looks: list[View]) -> tuple[list[_Picture], list[np.ndarray]]:
        """The pictures and the sound windows of all views of a sample, from one look at it."""
        row: dict[str, Any] = {name: column[sample] for name, column in self.numbers.items()}
        frames, fps = int(row["frames"]), float(row["fps"])
        pictures, waves = [], []
        with open_shard(self.shards[self.shard_of[sample]]) as shard:
            if self.video is not None:
                which = [frame_numbers(view, self.video, frames, fps) for view, _ in looks]
                needed = np.unique(np.concatenate(which))
                with shard.member(int(row["video_offset"]), int(row["video_size"])) as member:
                    decoded = decode_frames(member, needed, fps, self.video.grey)
                for numbers, (view, _) in zip(which, looks, strict=True):
                    pictures.append(_Picture(decoded, np.searchsorted(needed, numbers), view))
            if self.audio is not None:
                seconds = self.audio.seconds
                place = int(row["audio_offset"]), int(row["audio_size"])
                with shard.member(*place, AUDIO_READ) as member:
                    for view, hearing in looks:
                        start = view.start / fps + hearing.delay
                        window = window_samples(int(row["samples"]), start, seconds, self.rate)
                        samples = decode_samples(member, *window)
                        waves.append(
                            np.pad(samples, (0, round(seconds * self.rate) - len(samples)))
                        )
        return pictures, waves

    def _prepare(self, pictures: list[_Picture]) -> Tensor | None:
        if self.video is None:
            return None
        crop, channels = self.video.crop, pictures[0].frames.shape[-1]
        clips = torch.empty(len(pictures), channels, self.video.frames, crop, crop)
        for clip, picture in zip(clips, pictures, strict=True):
            prepare_video(picture.frames, picture.which, picture.view, self.video, clip)
        return clips

    def _windows(self, pictures: list[_Picture]) -> dict[str, Tensor]:
        """The pixels that each crop is made of, padded to a common size, and how."""
        if self.video is None:
            return {}
        taps = [
            view_taps(p.view, p.frames.shape[1], p.frames.shape[2], self.video.crop)
            for p in pictures
        ]
        cut = [
            picture.frames[picture.which, rows.window, columns.window]
            for picture, (rows, columns) in zip(pictures, taps, strict=True)
        ]
        height, width = (max(window.shape[axis] for window in cut) for axis in (1, 2))
        windows = torch.zeros(
            len(cut), self.video.frames, height, width, cut[0].shape[3], dtype=torch.uint8
        )
        for place, window in zip(windows, cut, strict=True):
            place[:, : window.shape[1], : window.shape[2]] = torch.from_numpy(window)
        return {
            "windows": windows,
            "rows": torch.stack([rows.matrix(height) for rows, _ in taps]),
            "columns": torch.stack([columns.matrix(width) for _, columns in taps]),
        }


def _finish(batch: _Unfinished, clips: Clips, device: torch.device) -> Batch:
    """What `_Batches` does on a CPU, on a device."""
    parts = batch.each(lambda tensor: tensor.to(device, non_blocking=True)).tensors
    video = None
    if "windows" in parts:
        pixels = resample_batch(parts["windows"], parts["rows"], parts["columns"])
        looks = [view for view, _ in batch.views]
        clips_ready = [
            finish_video(clip, view, clips.video) for clip, view in zip(pixels, looks, strict=True)
        ]
        video = torch.stack(clips_ready)
    return Batch(parts["sample"], video, _listen(parts, batch.views, clips.rate, clips.audio))


def _listen(
    tensors: dict[str, Tensor], views: list[View], rate: int, settings: AudioSettings | None
) -> Tensor | None:
    if settings is None or "waves" not in tensors:
        return None
    return prepare_audio(tensors["waves"], [hearing for _, hearing in views], rate, settings)
