"""Read the frames and the audio of views from their shards."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from selavi.data.dataset import Clips
from selavi.data.shards.decode import decode_frames, decode_samples
from selavi.data.shards.reader import CorruptClip, Shard, open_shard
from selavi.transforms.audio import AudioView, window_samples
from selavi.transforms.video.crop import WindowReader
from selavi.transforms.video.views import VideoView, clip_span, frame_numbers, view_taps
from selavi.transforms.video.yuv import Planes

SHORT_SPANS = 4  # a video of at most this many times a clip's length is decoded as a whole

View = tuple[VideoView, AudioView]


class ViewReader:
    """Reads views of a split's clips.

    Only arrays of the split are used, which forked loader processes share.

    Parameters
    ----------
    clips : Clips
        The split.

    Attributes
    ----------
    video : VideoSettings or None
        None without video.
    audio : AudioSettings or None
        None without audio.
    rate : int
        Sample rate of the audio, in Hz.
    """

    def __init__(self, clips: Clips) -> None:
        self.video = clips.video if "video" in clips.modalities else None
        self.audio = clips.audio if "audio" in clips.modalities else None
        self.numbers, self.ids, self.rate = clips.numbers, clips.ids, clips.rate
        self.shards, self.shard_of = clips.shards
        self.frames = clips.frames

    def empty_windows(self, samples: list[int], views_of: list[list[View]]) -> WindowReader | None:
        """Make room for the frames of the views of each sample; None without video."""
        if self.video is None:
            return None
        sizes = [
            (int(self.numbers["height"][sample]), int(self.numbers["width"][sample]))
            for sample, several in zip(samples, views_of, strict=True)
            for _ in several
        ]
        views = [view for several in views_of for view, _ in several]
        axes = [
            view_taps(view, *size, self.video.crop) for view, size in zip(views, sizes, strict=True)
        ]
        return WindowReader(axes, self.video.frames, self.video.grey)

    def silence(self, count: int) -> np.ndarray | None:
        """Make room for the waveforms of some views, (views, n) int16; None without audio."""
        if self.audio is None:
            return None
        return np.zeros((count, round(self.audio.seconds * self.rate)), np.int16)

    def read(
        self,
        sample: int,
        views: list[View],
        windows: WindowReader | None,
        waveforms: np.ndarray | None,
        rows: range,
    ) -> None:
        """Read all views of a sample.

        Parameters
        ----------
        sample : int
            Number of the clip.
        views : list of View
            The views to read.
        windows : WindowReader or None
            What `empty_windows` made for the batch.
        waveforms : numpy.ndarray or None
            What `silence` made for the batch.
        rows : range
            The views' rows in both.

        Raises
        ------
        CorruptClip
            If the clip is damaged.
        UserError
            If the shard is missing or cut short.
        """
        with open_shard(self.shards[self.shard_of[sample]]) as shard:
            if windows is not None:
                self._read_video(shard, sample, views, windows, rows)
            if waveforms is not None:
                self._read_audio(shard, sample, views, waveforms[rows.start : rows.stop])

    def _row(self, sample: int) -> dict[str, Any]:
        return {name: column[sample].item() for name, column in self.numbers.items()}

    def _read_video(
        self, shard: Shard, sample: int, views: list[View], windows: WindowReader, rows: range
    ) -> None:
        """Read the frames of all views of a sample, each once."""
        assert self.video is not None
        row = self._row(sample)
        which = [frame_numbers(view, self.video, row["frames"], row["fps"]) for view, _ in views]
        needed = np.unique(np.concatenate(which))
        # A video of a lower frame rate repeats frames.
        spans = [
            [np.searchsorted(numbers, needed, side).tolist() for side in ("left", "right")]
            for numbers in which
        ]
        for n, frame in enumerate(self._frames(shard, sample, row, needed)):
            for view, (first, end) in zip(rows, spans, strict=True):
                if first[n] < end[n]:
                    windows.put(view, slice(first[n], end[n]), frame)

    def _frames(
        self, shard: Shard, sample: int, row: dict[str, Any], numbers: np.ndarray
    ) -> Iterator[Planes]:
        """A sample's frames, in order, from memory or else the shard.

        Raises CorruptClip if one cannot be decoded, or is not as the index says.
        """
        assert self.video is not None
        if sample >= self.frames.clips:
            yield from self._decoded(shard, sample, row, numbers)
            return
        missing = self.frames.missing(sample, numbers)
        if len(missing) and row["frames"] <= SHORT_SPANS * clip_span(self.video, row["fps"]):
            # All of a short video when it is first read: later views need other frames. Damage to
            # a frame that this view does not need is ignored.
            with suppress(CorruptClip):
                self._store(
                    shard, sample, row, self.frames.missing(sample, np.arange(row["frames"]))
                )
            missing = self.frames.missing(sample, numbers)
        if len(missing):
            self._store(shard, sample, row, missing)
        for number in numbers.tolist():
            yield self.frames.get(sample, number)

    def _store(self, shard: Shard, sample: int, row: dict[str, Any], numbers: np.ndarray) -> None:
        decoded = self._decoded(shard, sample, row, numbers)
        for number, planes in zip(numbers.tolist(), decoded, strict=True):
            self.frames.put(sample, number, planes)

    def _decoded(
        self, shard: Shard, sample: int, row: dict[str, Any], numbers: np.ndarray
    ) -> Iterator[Planes]:
        assert self.video is not None
        with shard.modality("video", self.ids[sample].decode(), sample, self.numbers) as member:
            for frame in decode_frames(member, numbers, row["fps"]):
                if (frame.height, frame.width) != (row["height"], row["width"]):
                    size = f"{frame.width} x {frame.height}"
                    raise CorruptClip(f"a frame of {size}, unlike in the index")
                yield Planes.of(frame, self.video.grey)

    def _read_audio(
        self, shard: Shard, sample: int, views: list[View], waveforms: np.ndarray
    ) -> None:
        """Read the audio windows of all views of a sample; short audio is padded with silence."""
        assert self.audio is not None
        row = self._row(sample)
        with shard.modality("audio", self.ids[sample].decode(), sample, self.numbers) as member:
            for waveform, (video, audio) in zip(waveforms, views, strict=True):
                start = video.start / row["fps"] + audio.delay
                first, count = window_samples(row["samples"], start, self.audio.seconds, self.rate)
                waveform[:count] = decode_samples(member, first, count)
