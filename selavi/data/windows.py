"""Copy out of decoded frames the pixels that the crops of a batch are made of."""

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange

from selavi.data.clips import CorruptClip
from selavi.transforms.planes import mixing
from selavi.transforms.resample import Taps

# 8 bits, chroma of half the size: what the shard stage asks for, with one range or the other. A
# stream with planes of another kind is converted to these by ffmpeg.
PLANAR = ("yuv420p", "yuvj420p")
# Grey is the luma, if need be stretched from 16..235 to 0..255, in whole numbers.
_STRETCHED = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)


class WindowReader:
    """The `Windows` of some views, to be filled frame by frame.

    axes : rows and columns of each view's crop. sizes : (height, width) of each view's video.
    frames : of a clip. grey : leave the chroma out.
    """

    def __init__(
        self, axes: list[tuple[Taps, Taps]], sizes: list[tuple[int, int]], frames: int, grey: bool
    ) -> None:
        self.axes, self.sizes = axes, sizes
        self.windows = [(rows.window, columns.window) for rows, columns in axes]
        # Two more than the widest is even and holds the chroma of an odd edge.
        height, width = (
            max(pair[axis].stop - pair[axis].start for pair in self.windows) // 2 * 2 + 2
            for axis in (0, 1)
        )
        self.luma = np.empty((len(axes), frames, height, width), np.uint8)
        half = (len(axes), frames, 2, height // 2, width // 2)
        self.chroma = None if grey else np.empty(half, np.uint8)
        self.mixing = np.zeros((len(axes), 8), np.float32)

    def put(self, view: int, when: slice, frame: av.VideoFrame) -> None:
        """Copy what a view shows of a frame, which is that of its clip at the times `when`.

        Raises CorruptClip if the frame's size is not what the index says.
        """
        if (frame.height, frame.width) != self.sizes[view]:
            raise CorruptClip(f"a frame of {frame.width} x {frame.height}, unlike in the index")
        full = frame.format.name == "yuvj420p" or frame.color_range == ColorRange.JPEG
        if frame.format.name not in PLANAR:
            frame = frame.reformat(format="yuv420p")
        rows, columns = self.windows[view]
        planes = frame.planes
        luma = _cut(planes[0], rows, columns)
        if self.chroma is None:
            luma = luma if full else _STRETCHED[luma]
        else:
            self.mixing[view] = mixing(frame.colorspace, full)
            for n in (0, 1):
                chroma = _cut(planes[1 + n], _half(rows), _half(columns))
                self.chroma[view, when, n, : chroma.shape[0], : chroma.shape[1]] = chroma
        self.luma[view, when, : luma.shape[0], : luma.shape[1]] = luma

    def arrays(self) -> dict[str, np.ndarray]:
        """The fields of `Windows`."""
        places = [
            [
                [axis.low - window.start, axis.high - window.start]
                for axis, window in zip(axes, windows, strict=True)
            ]
            for axes, windows in zip(self.axes, self.windows, strict=True)
        ]
        weights = [[axis.weight for axis in axes] for axes in self.axes]
        found = {
            "luma": self.luma,
            "chroma": self.chroma,
            "mixing": self.mixing,
            "places": np.array(places),
            "weights": np.array(weights),
        }
        return {name: array for name, array in found.items() if array is not None}


def _half(pixels: slice) -> slice:
    return slice(pixels.start // 2, (pixels.stop + 1) // 2)


def _cut(plane: VideoPlane, rows: slice, columns: slice) -> np.ndarray:
    """A view of a part of a plane, uint8; its rows may be padded."""
    shape = rows.stop - rows.start, columns.stop - columns.start
    start = rows.start * plane.line_size + columns.start
    return np.ndarray(shape, np.uint8, memoryview(plane), start, (plane.line_size, 1))
