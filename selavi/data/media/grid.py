"""Put decoded frames and samples on constant-rate grids with a common zero, by their timestamps."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import av
import numpy as np

TICK = 1e-6  # seconds, for rounding errors: times are sums of fractions
LATE_SECONDS = 0.1  # by which the last frame's time may differ from its packet's
JITTER_SECONDS = 0.01  # less than the shortest packets in use: any larger deviation is a gap
AGREED_SECONDS = 1.0
"""Audio is shifted if all timestamps of this many seconds agree. Single ones are unreliable: a
broadcast has one per eight packets or so, and ffmpeg extrapolates the others from the sample rate
at the file's beginning."""


@dataclass
class FrameGrid:
    """Frames at a constant rate: each is the source's frame at that time, to half a frame.

    Attributes
    ----------
    zero : float
        Time of the grid's first frame, in seconds, as all times here.
    fps : float
        Frames per second.
    end : float
        End of the segment: later frames are dropped.
    due : float
        When the last frame begins, by its packet.
    until : float
        When the last frame ends, by its packet.
    first : float
        Time of the first decoded frame that is counted: the last one before the grid, if any.
    last : float
        Time of the last decoded frame.
    count : int
        Frames on the grid.
    decoded : int
        Decoded frames from `first` on.
    """

    zero: float
    fps: float
    end: float = math.inf
    due: float = math.inf
    until: float = math.inf
    first: float = math.inf
    last: float = -math.inf
    count: int = 0
    decoded: int = 0

    def place(self, frames: Iterable[tuple[float, av.VideoFrame]]) -> Iterator[av.VideoFrame]:
        """Resample (time, frame) pairs to the grid; a frame may be repeated or dropped.

        The first frame also fills the grid before its time.
        """
        previous: av.VideoFrame | None = None
        for time, frame in frames:
            if time >= self.end - TICK:
                continue  # read to the end, or ffmpeg would wait for a reader
            if previous is not None:
                yield from self._until(self._number(time), previous)
            if time <= self.zero + TICK:  # between those before, some were dropped
                self.first, self.decoded = time, 0
            previous, self.decoded = frame, self.decoded + 1
            self.first, self.last = min(self.first, time), max(self.last, time)
        if previous is not None:
            yield from self._until(max(self._number(self.last_end), self.count, 1), previous)

    @property
    def last_end(self) -> float:
        """When the last decoded frame ends; by the mean duration if later frames are missing."""
        if self.last > self.due - LATE_SECONDS:
            return min(self.end, max(self.until, self.last))
        mean = (self.last - self.first) / (self.decoded - 1) if self.decoded > 1 else 0.0
        return min(self.end, self.last + (mean or 1 / self.fps))

    def _number(self, time: float) -> int:
        return math.floor((time - self.zero) * self.fps + 0.5)

    def _until(self, number: int, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        while self.count < number:
            yield frame
            self.count += 1


def place_samples(
    packets: Iterable[tuple[int, np.ndarray]], rate: int, most: float = math.inf
) -> np.ndarray:
    """Join packets of audio by their timestamps: gaps become silence, overlaps are overwritten.

    Parameters
    ----------
    packets : Iterable of tuple of int and ndarray
        Number of the first sample by the packet's timestamp, and samples, (n,) int16.
    rate : int
        Sample rate in Hz.
    most : float
        Maximum number of samples.

    Returns
    -------
    ndarray
        (n,) int16.
    """
    numbers, contents = [], []
    for number, samples in packets:
        numbers.append(number)
        contents.append(samples)
    if not contents:
        return np.zeros(0, np.int16)
    lengths = np.array([len(samples) for samples in contents])
    contiguous = np.cumsum(lengths) - lengths  # starts if there were no gaps
    starts = contiguous + _shifts(np.array(numbers) - contiguous, lengths, rate)
    result = np.zeros(int(max(0, min(most, (starts + lengths).max()))), np.int16)
    for start, samples in zip(starts.tolist(), contents, strict=True):
        skipped = max(0, -start)
        target = result[start + skipped : max(0, start + len(samples))]
        target[:] = samples[skipped : skipped + len(target)]
    return result


def _shifts(stamped: np.ndarray, lengths: np.ndarray, rate: int) -> np.ndarray:
    """Shift of each packet from its contiguous position, without jitter, (n,) int64 in samples.

    `stamped` has the same by the timestamps, jitter included.
    """
    count = max(1, math.ceil(AGREED_SECONDS * rate / max(1.0, float(np.median(lengths)))))
    padded = np.concatenate([stamped, np.full(count - 1, stamped[-1])])
    windows = np.lib.stride_tricks.sliding_window_view(padded, count)
    lows, highs = windows.min(axis=1).tolist(), windows.max(axis=1).tolist()
    shift = int(stamped[0])
    shifts = []
    for low, high in zip(lows, highs, strict=True):
        if low > shift + JITTER_SECONDS * rate:
            shift = low
        elif high < shift - JITTER_SECONDS * rate:
            shift = high
        shifts.append(shift)
    return np.array(shifts)
