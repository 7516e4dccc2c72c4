"""Put decoded frames and samples where their timestamps say: on a constant grid, from one zero."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import av
import numpy as np

JITTER_SECONDS = 0.01
"""Timestamps of audio that follows on are rounded by so much; what is off by more is a gap, as the
shortest packets in use last longer."""


@dataclass
class FrameGrid:
    """Frames at a constant rate: each shows what stood at its time, to half a frame.

    zero : time of the grid's first frame, in seconds. fps : its rate. end : nothing is shown from
    here on. hold : how long the last frame stands; 0 takes the mean of the others. first, last :
    times of the frames that came. count : frames put on the grid.
    """

    zero: float
    fps: float
    end: float = math.inf
    hold: float = 0.0
    first: float = math.inf
    last: float = -math.inf
    count: int = 0

    def place(self, frames: Iterable[tuple[float, av.VideoFrame]]) -> Iterator[av.VideoFrame]:
        """The grid's frames of frames with their times, in seconds; a frame may come repeatedly.

        Before the first there is nothing to show but the first.
        """
        held: av.VideoFrame | None = None
        came = 0
        for time, frame in frames:
            if time >= self.end:
                break
            if held is not None:
                yield from self._until(self._number(time), held)
            held, came = frame, came + 1
            self.first, self.last = min(self.first, time), max(self.last, time)
        if held is not None:
            mean = (self.last - self.first) / (came - 1) if came > 1 else 0.0
            stop = self._number(min(self.end, self.last + (self.hold or mean or 1 / self.fps)))
            yield from self._until(max(stop, self.count, 1), held)

    @property
    def seconds(self) -> float:
        """How long the frames on the grid last."""
        return self.count / self.fps

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
    placed: list[np.ndarray] = []
    length = 0
    for number, samples in parts:
        gap = number - length
        if gap < 0 and (not placed or -gap > JITTER_SECONDS * rate):
            samples = samples[-gap:]
        elif gap > 0 and (not placed or gap > JITTER_SECONDS * rate):
            placed.append(np.zeros(min(gap, most - length), np.int16))  # type: ignore[call-overload]
            length += len(placed[-1])
        if len(samples):
            placed.append(samples)
            length += len(samples)
        if length >= most:
            break
    joined = np.concatenate(placed) if placed else np.zeros(0, np.int16)
    return joined if length <= most else joined[: int(most)]
