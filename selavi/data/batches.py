"""Make batches of clips in loader processes, and finish them on the device that learns.

Loader processes hand over what is small: of a picture the bytes that its crop is made of, a quarter
of the finished floats. Resizing and normalisation happen where the batch is going; so does the log
filterbank if that is a GPU.
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
from selavi.transforms.audio import AudioView, prepare_audio, window_samples
from selavi.transforms.resample import cut_windows
from selavi.transforms.video import VideoView, frame_numbers, prepare_video, view_taps

View = tuple[VideoView, AudioView]
Views = Callable[[int], list[View]]
"""The views of a sample, each drawn from the sample's number alone."""


@dataclass(frozen=True)
class _Made:
    """What a loader process hands over.

    tensors : sample (B,) int64; of pictures, what `cut_windows` returns; of sounds, waves (B, n)
        int16 or spectrograms (B, 1, F, S) float32. Empty if nothing could be read.
    views : B views. corrupt : the corrupt clips met, with a sentence each.
    """

    tensors: dict[str, Tensor]
    views: list[View]
    corrupt: list[tuple[int, str]]

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
    """Batches of the samples in each chunk, in order, whatever the number of workers.

    Parameters
    ----------
    fill : give the place of a corrupt clip to another clip of its batch, so that every batch has
        its size; otherwise the batch is smaller, and left out if nothing is left.
    device : where the batches go; None is the CPU.

    Raises
    ------
    UserError for shards that are missing or cut short; if more clips are corrupt than
    `clips.max_corrupt` allows; and if `fill` finds no whole clip in a batch.
    """
    device = device or torch.device("cpu")
    loader = DataLoader(
        _Batches(clips, chunks, views, fill, listen=device.type == "cpu"),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        # Its own generator: the loader's draws must not move the training's random numbers, or a
        # resumed epoch, which opens one more loader, would go another way.
        generator=torch.Generator(),
        worker_init_fn=_start_worker,
        pin_memory=device.type == "cuda",
    )
    for made in loader:
        if isinstance(made, Exception):
            raise made
        clips.note_corrupt(made.corrupt)
        if made.tensors:
            yield _finish(made, clips, device)
        elif fill:
            raise UserError(_none_left(clips, made.corrupt))


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
        self, clips: Clips, chunks: list[np.ndarray], views: Views, fill: bool, listen: bool
    ) -> None:
        self.video = clips.video if "video" in clips.modalities else None
        self.audio = clips.audio if "audio" in clips.modalities else None
        self.numbers, self.rate = clips.numbers, clips.rate
        self.shards, self.shard_of = clips.shards
        self.chunks, self.views = chunks, views
        self.fill, self.listen = fill, listen

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
        pictures: list[np.ndarray] = []
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
            return _Made({}, [], corrupt)
        if self.fill:  # with one view per sample: the first clips that are whole, over again
            places = [place % len(kept) for place in range(len(samples))]
            kept, views = [kept[p] for p in places], [views[p] for p in places]
            pictures = [pictures[p] for p in places] if pictures else []
            waves = [waves[p] for p in places] if waves else []
        tensors = {"sample": torch.tensor(kept)}
        if self.video is not None:
            axes = [
                view_taps(view, clip.shape[1], clip.shape[2], self.video.crop)
                for clip, (view, _) in zip(pictures, views, strict=True)
            ]
            names = ("windows", "places", "weights")
            tensors |= zip(names, cut_windows(pictures, axes), strict=True)
        if self.audio is not None:
            tensors["waves"] = torch.from_numpy(np.stack(waves))
            if self.listen:
                heard = [hearing for _, hearing in views]
                sound = prepare_audio(tensors.pop("waves"), heard, self.rate, self.audio)
                tensors["spectrograms"] = sound
        return _Made(tensors, views, corrupt)

    def _read(self, sample: int, looks: list[View]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The pictures and the sound windows of all views of a sample, from one look at it."""
        row: dict[str, Any] = {name: column[sample] for name, column in self.numbers.items()}
        frames, fps = int(row["frames"]), float(row["fps"])
        pictures: list[np.ndarray] = []
        waves: list[np.ndarray] = []
        with open_shard(self.shards[self.shard_of[sample]]) as shard:
            if self.video is not None:
                which = [frame_numbers(view, self.video, frames, fps) for view, _ in looks]
                needed = np.unique(np.concatenate(which))
                with shard.member(int(row["video_offset"]), int(row["video_size"])) as member:
                    decoded = decode_frames(member, needed, fps, self.video.grey)
                pictures = [
                    decoded if len(looks) == 1 and len(needed) == len(numbers)
                    else decoded[np.searchsorted(needed, numbers)]
                    for numbers in which
                ]  # fmt: skip
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


def _finish(made: _Made, clips: Clips, device: torch.device) -> Batch:
    parts = made.each(lambda tensor: tensor.to(device, non_blocking=True)).tensors
    video, audio = None, parts.get("spectrograms")
    if "windows" in parts:
        looks = [view for view, _ in made.views]
        video = prepare_video(
            parts["windows"], parts["places"], parts["weights"], looks, clips.video
        )
    if "waves" in parts:
        heard = [hearing for _, hearing in made.views]
        audio = prepare_audio(parts["waves"], heard, clips.rate, clips.audio)
    return Batch(parts["sample"], video, audio)
