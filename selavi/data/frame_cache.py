"""Decoded frames in memory that loader processes share: later epochs decode nothing.

Frames take their place when they are first decoded, and stay. The clips with the lowest numbers
have a place, as many as fit: what is kept never depends on the order of reading.
"""

import mmap

import numpy as np

from selavi.transforms.video.yuv import Planes


class FrameCache:
    """Places for the frames of a split's clips, in memory that processes forked later share.

    frames, heights, widths : (N,) of each clip. grey : chroma is not kept. limit : bytes for all.
    Samples below the attribute `clips` have a place.
    """

    def __init__(
        self,
        frames: np.ndarray,
        heights: np.ndarray,
        widths: np.ndarray,
        grey: bool,
        limit: float,
    ) -> None:
        self.grey = grey
        self.heights, self.widths = heights, widths
        halves = (heights + 1) // 2 * ((widths + 1) // 2)
        self.frame_bytes = heights * widths + (0 if grey else 2 * halves)
        ends = np.cumsum(frames * self.frame_bytes)
        self.clips = int(np.searchsorted(ends, limit, "right"))
        self.starts = np.concatenate([[0], ends])[: self.clips]
        self.first_frames = np.concatenate([[0], np.cumsum(frames)])[: self.clips + 1]
        self.memory = shared(int(ends[self.clips - 1]) if self.clips else 0)
        self.present = shared(int(self.first_frames[-1]))
        self.mixing = shared(32 * self.clips).view(np.float32).reshape(-1, 8)

    def missing(self, sample: int, numbers: np.ndarray) -> np.ndarray:
        """Those of a clip's frames, by number, that are not here yet."""
        return numbers[self.present[self.first_frames[sample] + numbers] == 0]

    def put(self, sample: int, number: int, planes: Planes) -> None:
        """Keep a frame."""
        kept = self._planes(sample, number)
        kept.luma[:] = planes.luma
        for here, there in zip(kept.chroma or (), planes.chroma or (), strict=True):
            here[:] = there
        kept.mixing[:] = planes.mixing
        self.present[self.first_frames[sample] + number] = 1  # last: now it is whole

    def get(self, sample: int, number: int) -> Planes:
        """A frame that is not missing."""
        assert self.present[self.first_frames[sample] + number]
        return self._planes(sample, number)

    def _planes(self, sample: int, number: int) -> Planes:
        height, width = int(self.heights[sample]), int(self.widths[sample])
        size = int(self.frame_bytes[sample])
        start = int(self.starts[sample]) + number * size
        place = self.memory[start : start + size]
        luma = place[: height * width].reshape(height, width)
        if self.grey:
            return Planes(luma, None, self.mixing[sample])
        shape = 2, (height + 1) // 2, (width + 1) // 2
        chroma = place[height * width :].reshape(shape)
        return Planes(luma, (chroma[0], chroma[1]), self.mixing[sample])


def shared(size: int) -> np.ndarray:
    """Zeros (size,) uint8 that forked processes see and write alike; unused pages take no memory.

    Not in /dev/shm, which containers keep small.
    """
    return np.frombuffer(mmap.mmap(-1, max(1, size)), np.uint8)[:size]
