"""Cache of decoded frames in memory that loader processes share, so that later epochs decode none.

Frames are stored when first decoded, and stay. The cache covers the clips with the lowest numbers,
as many as fit, so that its content does not depend on the order of reading.
"""

import mmap

import numpy as np

from selavi.transforms.video.yuv import Planes


class FrameCache:
    """Decoded frames of a split's first clips, shared with processes that are forked later.

    Parameters
    ----------
    frames : ndarray
        Number of frames of each clip, (N,).
    heights : ndarray
        Height of each clip's frames in pixels, (N,).
    widths : ndarray
        Width of each clip's frames in pixels, (N,).
    grey : bool
        Whether to store luma alone.
    limit : float
        Size of the cache in bytes.

    Attributes
    ----------
    clips : int
        Number of clips that the cache covers, those with the lowest samples.
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
        chroma = (heights + 1) // 2 * ((widths + 1) // 2)
        self.frame_bytes = heights * widths + (0 if grey else 2 * chroma)
        ends = np.cumsum(frames * self.frame_bytes)
        self.clips = int(np.searchsorted(ends, limit, "right"))
        self.starts = np.concatenate([[0], ends])[: self.clips]
        self.first_frames = np.concatenate([[0], np.cumsum(frames)])[: self.clips + 1]
        self.memory = shared(int(ends[self.clips - 1]) if self.clips else 0)
        self.present = shared(int(self.first_frames[-1]))
        self.mixing = shared(32 * self.clips).view(np.float32).reshape(-1, 8)

    def missing(self, sample: int, numbers: np.ndarray) -> np.ndarray:
        """Those of a clip's frame numbers that are not stored yet."""
        return numbers[self.present[self.first_frames[sample] + numbers] == 0]

    def put(self, sample: int, number: int, planes: Planes) -> None:
        """Store a frame."""
        target = self._planes(sample, number)
        target.luma[:] = planes.luma
        for target_plane, plane in zip(target.chroma or (), planes.chroma or (), strict=True):
            target_plane[:] = plane
        target.mixing[:] = planes.mixing
        # Last, so that no other process reads a half-written frame.
        self.present[self.first_frames[sample] + number] = 1

    def get(self, sample: int, number: int) -> Planes:
        """Return a frame, which must be stored."""
        assert self.present[self.first_frames[sample] + number]
        return self._planes(sample, number)

    def _planes(self, sample: int, number: int) -> Planes:
        height, width = int(self.heights[sample]), int(self.widths[sample])
        size = int(self.frame_bytes[sample])
        start = int(self.starts[sample]) + number * size
        content = self.memory[start : start + size]
        luma = content[: height * width].reshape(height, width)
        if self.grey:
            return Planes(luma, None, self.mixing[sample])
        shape = 2, (height + 1) // 2, (width + 1) // 2
        chroma = content[height * width :].reshape(shape)
        return Planes(luma, (chroma[0], chroma[1]), self.mixing[sample])


def shared(size: int) -> np.ndarray:
    """Zeros, (size,) uint8, in memory that forked processes share; unused pages take none.

    It is not in /dev/shm, which is small in containers.
    """
    return np.frombuffer(mmap.mmap(-1, max(1, size)), np.uint8)[:size]
