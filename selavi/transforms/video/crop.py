"""Copy from decoded frames the source pixels of a batch of crops."""

import numpy as np

from selavi.transforms.video.resize import Taps
from selavi.transforms.video.yuv import Planes

# Greyscale is luma; limited range, 16..235, is expanded to 0..255.
_FULL_RANGE = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)


class WindowReader:
    """Fills the arrays of `Windows`, frame by frame.

    Parameters
    ----------
    axes : list of (Taps, Taps)
        Rows and columns of each of the B views.
    frames : int
        T, frames of a clip.
    grey : bool
        Whether to omit the chroma.
    """

    def __init__(self, axes: list[tuple[Taps, Taps]], frames: int, grey: bool) -> None:
        self.axes = axes
        self.windows = [(rows.window, columns.window) for rows, columns in axes]
        # Even, with room for the chroma of an odd edge.
        height, width = (
            max(pair[axis].stop - pair[axis].start for pair in self.windows) // 2 * 2 + 2
            for axis in (0, 1)
        )
        self.luma = np.empty((len(axes), frames, height, width), np.uint8)
        half = (len(axes), frames, 2, height // 2, width // 2)
        self.chroma = None if grey else np.empty(half, np.uint8)
        self.mixing = np.zeros((len(axes), 8), np.float32)

    def put(self, view: int, times: slice, frame: Planes) -> None:
        """Copy the source pixels of one view from a frame.

        Parameters
        ----------
        view : int
            Number of the view in the batch.
        times : slice
            Frames of the clip that this frame becomes; several if it is repeated.
        frame : Planes
            A decoded frame.
        """
        rows, columns = self.windows[view]
        luma = frame.luma[rows, columns]
        self.mixing[view] = frame.mixing
        if self.chroma is None:
            luma = luma if frame.mixing[0] == 0 else _FULL_RANGE[luma]
        else:
            for n, plane in enumerate(frame.chroma or ()):
                chroma = plane[_half(rows), _half(columns)]
                self.chroma[view, times, n, : chroma.shape[0], : chroma.shape[1]] = chroma
        self.luma[view, times, : luma.shape[0], : luma.shape[1]] = luma

    def arrays(self) -> dict[str, np.ndarray]:
        """The fields of `Windows`, by name."""
        indices = [
            [
                [axis.low - window.start, axis.high - window.start]
                for axis, window in zip(axes, windows, strict=True)
            ]
            for axes, windows in zip(self.axes, self.windows, strict=True)
        ]
        weights = [[axis.weight for axis in axes] for axes in self.axes]
        arrays = {
            "luma": self.luma,
            "chroma": self.chroma,
            "mixing": self.mixing,
            "indices": np.array(indices),
            "weights": np.array(weights),
        }
        return {name: array for name, array in arrays.items() if array is not None}


def _half(pixels: slice) -> slice:
    return slice(pixels.start // 2, (pixels.stop + 1) // 2)
