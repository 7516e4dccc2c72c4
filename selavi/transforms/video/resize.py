"""Bilinear resize of a crop only, with the result of resizing whole RGB frames and cropping.

The convention is torch's `interpolate(mode="bilinear", align_corners=False)` without antialiasing:
output pixel i is at (i + 0.5) * scale - 0.5 in the source, scale = source size / resized size. Only
the source pixels of the crop are converted to RGB, and only its output pixels are computed.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from selavi.compiled import compiled_exactly
from selavi.transforms.video.yuv import rgb


@dataclass(frozen=True)
class Taps:
    """Bilinear filter along one axis: the two source pixels of each output pixel.

    Attributes
    ----------
    low, high : numpy.ndarray
        (n,) int64, indices of the source pixels.
    weight : numpy.ndarray
        (n,) float32, weight of `high`; `low` has 1 - weight.
    """

    low: np.ndarray
    high: np.ndarray
    weight: np.ndarray

    @property
    def window(self) -> slice:
        """The source pixels in use, from an even one on, where a chroma pixel begins."""
        return slice(int(self.low.min()) // 2 * 2, int(self.high.max()) + 1)

    def reversed(self) -> "Taps":
        """The mirror image."""
        return Taps(self.low[::-1], self.high[::-1], self.weight[::-1])


def taps(source: int, resized: int, first: int, count: int) -> Taps:
    """Compute the filter of a crop along one axis.

    Parameters
    ----------
    source : int
        Source pixels.
    resized : int
        Pixels of the whole axis after resizing.
    first : int
        First pixel of the crop, after resizing.
    count : int
        n, pixels of the crop.

    Returns
    -------
    Taps
        The filter.
    """
    scale = np.float32(source / resized)
    centre = (np.arange(first, first + count, dtype=np.float32) + np.float32(0.5)) * scale
    at = np.maximum(centre - np.float32(0.5), 0)
    low = np.minimum(at.astype(np.int64), source - 1)
    return Taps(low, np.minimum(low + 1, source - 1), (at - low).astype(np.float32))


@dataclass(frozen=True)
class Windows:
    """The source pixels of a batch of crops, and the filters that resize them.

    Attributes
    ----------
    luma : Tensor
        (B, T, h, w) uint8, each clip's window at the top left; h and w are even, the rest is
        ignored.
    mixing : Tensor
        (B, 8) float32, see `selavi.transforms.video.yuv.mixing`.
    indices : Tensor
        (B, 2, 2, n) int64: by rows and columns, `Taps.low` and `Taps.high` within the window.
    weights : Tensor
        (B, 2, n) float32: by rows and columns, `Taps.weight`.
    chroma : Tensor or None
        (B, T, 2, h / 2, w / 2) uint8; None for greyscale, whose luma is in 0..255.
    """

    luma: Tensor
    mixing: Tensor
    indices: Tensor
    weights: Tensor
    chroma: Tensor | None = None

    @property
    def channels(self) -> int:
        """3 for RGB, 1 for grey."""
        return 1 if self.chroma is None else 3


def resize(windows: Windows, scale: Tensor, bias: Tensor) -> Tensor:
    """Convert a batch of windows to RGB, resize and scale them, on their device.

    Parameters
    ----------
    windows : Windows
        Source pixels.
    scale, bias : Tensor
        (B,) float32: the result is pixels * scale + bias.

    Returns
    -------
    Tensor
        (B, C, T, n, n) float32.
    """
    if windows.luma.device.type != "cpu":
        return resize_by_matrices(windows, scale, bias)
    batch, frames = windows.luma.shape[:2]
    size = windows.weights.shape[2]
    # numpy asks for huge pages, which makes the first write four times as fast.
    result = np.empty((batch, windows.channels, frames, size, size), np.float32)
    chroma = windows.chroma
    if chroma is None:
        chroma = torch.empty((batch, frames, 0, 0, 0), dtype=torch.uint8)
    inputs = windows.luma, chroma, windows.mixing, windows.indices, windows.weights, scale, bias
    _resize(*(tensor.numpy() for tensor in inputs), result)
    return torch.from_numpy(result)


def resize_by_matrices(windows: Windows, scale: Tensor, bias: Tensor) -> Tensor:
    """`resize` by two matrix products per clip, for GPUs."""
    if windows.chroma is None:
        pixels = windows.luma[:, None].float()
    else:
        pixels = rgb(windows.luma, windows.chroma, windows.mixing)
    rows, columns = (
        _matrix(windows.indices[:, axis], windows.weights[:, axis], pixels.shape[3 + axis])
        for axis in (0, 1)
    )
    pixels = rows[:, None, None] @ pixels @ columns.transpose(1, 2)[:, None, None]
    return pixels * scale[:, None, None, None, None] + bias[:, None, None, None, None]


def _matrix(indices: Tensor, weights: Tensor, size: int) -> Tensor:
    """The filters as matrices: (B, n, size)."""
    result = weights.new_zeros(*weights.shape, size)
    result.scatter_add_(2, indices[:, 0, :, None], 1 - weights[..., None])
    return result.scatter_add_(2, indices[:, 1, :, None], weights[..., None])


@compiled_exactly
def _resize(
    luma: np.ndarray,
    chroma: np.ndarray,
    mixing: np.ndarray,
    indices: np.ndarray,
    weights: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    out: np.ndarray,
) -> None:
    batch, channels, frames, size, _ = out.shape
    pixels = np.empty((channels, luma.shape[3]), np.float32)
    # Two neighbouring source rows, one even and one odd, converted and resized horizontally.
    lines = np.empty((2, channels, size), np.float32)
    cached = np.empty(2, np.int64)  # their row numbers
    for b in range(batch):
        left, right, across = indices[b, 1, 0], indices[b, 1, 1], weights[b, 1]
        for t in range(frames):
            cached[:] = -1
            for i in range(size):
                for side in range(2):
                    row = indices[b, 0, side, i]
                    if cached[row % 2] == row:
                        continue
                    cached[row % 2] = row
                    line = lines[row % 2]
                    if channels == 1:
                        for x in range(luma.shape[3]):
                            pixels[0, x] = luma[b, t, row, x]
                    else:
                        _convert(luma[b, t, row], chroma[b, t, :, row // 2], mixing[b], pixels)
                    for c in range(channels):
                        for j in range(size):
                            value = pixels[c, left[j]]
                            value += (pixels[c, right[j]] - value) * across[j]
                            line[c, j] = value * scale[b] + bias[b]
                above, below = lines[indices[b, 0, 0, i] % 2], lines[indices[b, 0, 1, i] % 2]
                for c in range(channels):
                    for j in range(size):
                        value = above[c, j]
                        out[b, c, t, i, j] = value + (below[c, j] - value) * weights[b, 0, i]


@compiled_exactly
def _convert(luma: np.ndarray, chroma: np.ndarray, mixing: np.ndarray, rgb: np.ndarray) -> None:
    """Convert one row, with the arithmetic of `selavi.transforms.video.yuv.rgb`."""
    y0, s = mixing[0], mixing[1]
    middle, lowest, highest = np.float32(128), np.float32(0), np.float32(255)
    for c in range(3):
        line, cu, cv = rgb[c], mixing[2 + 2 * c], mixing[3 + 2 * c]
        for x in range(chroma.shape[1]):
            value = cu * (np.float32(chroma[0, x]) - middle)
            value += cv * (np.float32(chroma[1, x]) - middle)
            line[2 * x] = value
            line[2 * x + 1] = value
        for x in range(len(luma)):
            value = s * (np.float32(luma[x]) - y0) + line[x]
            line[x] = min(max(value, lowest), highest)
