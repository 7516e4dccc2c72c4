"""Bilinear resize of a crop alone: what resizing whole RGB frames and cropping would give.

The convention is torch's `interpolate(mode="bilinear", align_corners=False)` without antialiasing:
output pixel i lies at (i + 0.5) * scale - 0.5 of the source, scale = source size / resized size.
Only the stored pixels that the crop is made of are converted to RGB, and only the output pixels
that survive it are computed.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from selavi.compiled import compiled_exactly
from selavi.transforms.video.yuv import rgb


@dataclass(frozen=True)
class Taps:
    """Along one axis, the two source pixels that each output pixel lies between.

    low, high : (n,) int64. weight : (n,) float32, the share of `high`.
    """

    low: np.ndarray
    high: np.ndarray
    weight: np.ndarray

    @property
    def window(self) -> slice:
        """The source pixels looked at, from an even one on: there begins a chroma pixel."""
        return slice(int(self.low.min()) // 2 * 2, int(self.high.max()) + 1)

    def reversed(self) -> "Taps":
        """The same pixels from last to first: a mirror image."""
        return Taps(self.low[::-1], self.high[::-1], self.weight[::-1])


def taps(source: int, resized: int, first: int, count: int) -> Taps:
    """Pixels first .. first + count - 1 of an axis resized from `source` to `resized` pixels."""
    scale = np.float32(source / resized)
    centre = (np.arange(first, first + count, dtype=np.float32) + np.float32(0.5)) * scale
    at = np.maximum(centre - np.float32(0.5), 0)
    low = np.minimum(at.astype(np.int64), source - 1)
    return Taps(low, np.minimum(low + 1, source - 1), (at - low).astype(np.float32))


@dataclass(frozen=True)
class Windows:
    """The stored pixels that a batch of crops is made of, each clip's from its own corner on.

    luma : (B, T, h, w) uint8; h and w are even, and what a clip does not fill is not looked at.
    mixing : (B, 8) float32, see `selavi.transforms.video.yuv`.
    places : (B, 2, 2, n) int64, of rows and columns, the low and the high pixel in the window.
    weights : (B, 2, n) float32, the share of the high one.
    chroma : (B, T, 2, h / 2, w / 2) uint8; None if the luma is the picture, in 0..255.
    """

    luma: Tensor
    mixing: Tensor
    places: Tensor
    weights: Tensor
    chroma: Tensor | None = None

    @property
    def channels(self) -> int:
        """3 for RGB, 1 for grey."""
        return 1 if self.chroma is None else 3


def resample(windows: Windows, scale: Tensor, bias: Tensor) -> Tensor:
    """Interpolate a batch of windows, on whatever device they are.

    scale, bias : (B,) float32, a factor on each clip's pixels and a term added to them.
    Returns (B, C, T, n, n) float32.
    """
    if windows.luma.device.type != "cpu":
        return resample_by_matrices(windows, scale, bias)
    batch, frames = windows.luma.shape[:2]
    size = windows.weights.shape[2]
    # From numpy: it asks for large pages, which makes new memory four times as fast.
    result = np.empty((batch, windows.channels, frames, size, size), np.float32)
    chroma = windows.chroma
    if chroma is None:
        chroma = torch.empty((batch, frames, 0, 0, 0), dtype=torch.uint8)
    inputs = windows.luma, chroma, windows.mixing, windows.places, windows.weights, scale, bias
    _resample(*(tensor.numpy() for tensor in inputs), result)
    return torch.from_numpy(result)


def resample_by_matrices(windows: Windows, scale: Tensor, bias: Tensor) -> Tensor:
    """`resample` as two matrix products per clip, which a GPU does in no time."""
    if windows.chroma is None:
        pixels = windows.luma[:, None].float()
    else:
        pixels = rgb(windows.luma, windows.chroma, windows.mixing)
    rows, columns = (
        _matrix(windows.places[:, axis], windows.weights[:, axis], pixels.shape[3 + axis])
        for axis in (0, 1)
    )
    pixels = rows[:, None, None] @ pixels @ columns.transpose(1, 2)[:, None, None]
    return pixels * scale[:, None, None, None, None] + bias[:, None, None, None, None]


def _matrix(places: Tensor, weights: Tensor, size: int) -> Tensor:
    """The matrices from `size` window pixels to the output's: (B, n, size)."""
    result = weights.new_zeros(*weights.shape, size)
    result.scatter_add_(2, places[:, 0, :, None], 1 - weights[..., None])
    return result.scatter_add_(2, places[:, 1, :, None], weights[..., None])


@compiled_exactly
def _resample(
    luma: np.ndarray,
    chroma: np.ndarray,
    mixing: np.ndarray,
    places: np.ndarray,
    weights: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    out: np.ndarray,
) -> None:
    batch, channels, frames, size, _ = out.shape
    pixels = np.empty((channels, luma.shape[3]), np.float32)
    # Of stored rows, converted and interpolated across: two neighbours, one even and one odd.
    lines = np.empty((2, channels, size), np.float32)
    held = np.empty(2, np.int64)
    for b in range(batch):
        left, right, across = places[b, 1, 0], places[b, 1, 1], weights[b, 1]
        for t in range(frames):
            held[:] = -1
            for i in range(size):
                for side in range(2):
                    row = places[b, 0, side, i]
                    if held[row % 2] == row:
                        continue
                    held[row % 2] = row
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
                above, below = lines[places[b, 0, 0, i] % 2], lines[places[b, 0, 1, i] % 2]
                for c in range(channels):
                    for j in range(size):
                        value = above[c, j]
                        out[b, c, t, i, j] = value + (below[c, j] - value) * weights[b, 0, i]


@compiled_exactly
def _convert(luma: np.ndarray, chroma: np.ndarray, mixing: np.ndarray, rgb: np.ndarray) -> None:
    """One row, as `selavi.transforms.video.yuv.rgb` converts it."""
    y0, s = mixing[0], mixing[1]
    middle, least, most = np.float32(128), np.float32(0), np.float32(255)
    for c in range(3):
        line, cu, cv = rgb[c], mixing[2 + 2 * c], mixing[3 + 2 * c]
        for x in range(chroma.shape[1]):
            value = cu * (np.float32(chroma[0, x]) - middle)
            value += cv * (np.float32(chroma[1, x]) - middle)
            line[2 * x] = value
            line[2 * x + 1] = value
        for x in range(len(luma)):
            value = s * (np.float32(luma[x]) - y0) + line[x]
            line[x] = min(max(value, least), most)
