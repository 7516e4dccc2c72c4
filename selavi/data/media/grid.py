"""Put decoded frames and samples where their timestamps say: on a constant grid, from one zero."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import av
import numpy as np

TICK = 1e-6  # seconds: times are sums of fractions
LATE_SECONDS = 0.1  # by which the last frame may differ from what its packet says
JITTER_SECONDS = 0.01  # less than the shortest packets in use: what is off by more is a gap
AGREED_SECONDS = 1.0
"""Audio moves if all timestamps of so long a time say so. Single ones may lie: a broadcast gives
one in eight or so, and ffmpeg reckons the others from the sample rate at the file's beginning."""


@dataclass
class FrameGrid:
    """Frames at a constant rate: each shows what stood at its time, to half a frame.

    zero : time of the grid's first frame, in seconds. fps : its rate. end : nothing is shown from
    here on. due, until : when the last frame begins and ends, if it comes. first, last : times of
    the frames that came. count : frames put on the grid.
    """

    zero: float
    fps: float
    end: float = math.inf
    due: float = math.inf
    until: float = math.inf
    first: float = math.inf
    last: float = -math.inf
    count: int = 0
    came: int = 0

    def place(self, frames: Iterable[tuple[float, av.VideoFrame]]) -> Iterator[av.VideoFrame]:
        """The grid's frames of frames with their times, in seconds; a frame may come repeatedly.

        Before the first there is nothing to show but the first.
        """
        held: av.VideoFrame | None = None
        for time, frame in frames:
            if time >= self.end - TICK:
                continue  # to its end: who writes it would wait
            if held is not None:
                yield from self._until(self._number(time), held)
            held, self.came = frame, self.came + 1
            self.first, self.last = min(self.first, time), max(self.last, time)
        if held is not None:
            yield from self._until(max(self._number(self.ends), self.count, 1), held)

    @property
    def ends(self) -> float:
        """When the last frame that came ends; by the others' mean if it is not the one due."""
        if self.last > self.due - LATE_SECONDS:
            return min(self.end, max(self.until, self.last))
        mean = (self.last - self.first) / (self.came - 1) if self.came > 1 else 0.0
        return min(self.end, self.last + (mean or 1 / self.fps))

    def _number(self, time: float) -> int:
        return math.floor((time - self.zero) * self.fps + 0.5)

    def _until(self, number: int, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        while self.count < number:
            yield frame
            self.count += 1


def place_samples(
    parts: Iterable[tuple[int, np.ndarray]], rate: int, most: float = math.inf
) -> np.ndarray:
    """Join stretches of audio at the places that they name: gaps are silent, overlaps are cut.

    Parameters
    ----------
    parts : the number of the first sample, from zero on, and samples (n,) int16.
    rate : sample rate in Hz. most : samples to give at the most.

    Returns
    -------
    (n,) int16.
    """
    numbers, stretches = [], []
    for number, samples in parts:
        numbers.append(number)
        stretches.append(samples)
    if not stretches:
        return np.zeros(0, np.int16)
    lengths = np.array([len(samples) for samples in stretches])
    before = np.cumsum(lengths) - lengths
    places = before + _shifts(np.array(numbers) - before, lengths, rate)
    result = np.zeros(int(max(0, min(most, (places + lengths).max()))), np.int16)
    for place, samples in zip(places.tolist(), stretches, strict=True):
        skipped = max(0, -place)
        here = result[place + skipped : max(0, place + len(samples))]
        here[:] = samples[skipped : skipped + len(here)]
    return result


def _shifts(asked: np.ndarray, lengths: np.ndarray, rate: int) -> np.ndarray:
    """How far each stretch lies behind the end of the one before, added up, (n,) int64 in samples.

    asked : the same as the timestamps have it.
    """
    count = max(1, math.ceil(AGREED_SECONDS * rate / max(1.0, float(np.median(lengths)))))
    padded = np.concatenate([asked, np.full(count - 1, asked[-1])])
    windows = np.lib.stride_tricks.sliding_window_view(padded, count)
    least, most = windows.min(axis=1).tolist(), windows.max(axis=1).tolist()
    shift = int(asked[0])
    shifts = []
    for low, high in zip(least, most, strict=True):
        if low > shift + JITTER_SECONDS * rate:
            shift = low
        elif high < shift - JITTER_SECONDS * rate:
            shift = high
        shifts.append(shift)
    return np.array(shifts)
