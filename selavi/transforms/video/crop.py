"""Copy out of decoded frames the pixels that the crops of a batch are made of."""

import numpy as np

from selavi.transforms.video.resize import Taps
from selavi.transforms.video.yuv import Planes

# Grey is the luma, if need be stretched from 16..235 to 0..255, in whole numbers.
_STRETCHED = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)


class WindowReader:
    """The `Windows` of some views, to be filled frame by frame.

    axes : rows and columns of each view's crop. frames : of a clip. grey : leave the chroma out.
    """

    def __init__(self, axes: list[tuple[Taps, Taps]], frames: int, grey: bool) -> None:
        self.axes = axes
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

    def put(self, view: int, when: slice, frame: Planes) -> None:
        """Copy what a view shows of a frame, which is that of its clip at the times `when`."""
        rows, columns = self.windows[view]
        luma = frame.luma[rows, columns]
        self.mixing[view] = frame.mixing
        if self.chroma is None:
            luma = luma if frame.mixing[0] == 0 else _STRETCHED[luma]
        else:
            for n, plane in enumerate(frame.chroma or ()):
                chroma = plane[_half(rows), _half(columns)]
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
