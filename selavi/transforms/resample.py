"""Bilinear resize of a crop alone: what resizing whole frames and cropping them would give.

The convention is torch's `interpolate(mode="bilinear", align_corners=False)` without antialiasing:
output pixel i lies at (i + 0.5) * scale - 0.5 of the source, scale = source size / resized size.
Only the output pixels that survive the crop are computed, so a training clip costs a tenth of a
resize of its whole frames.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from selavi.compiled import compiled


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
        """The source pixels that are looked at."""
        return slice(int(self.low.min()), int(self.high.max()) + 1)

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


def cut_windows(
    clips: list[np.ndarray], axes: list[tuple[Taps, Taps]]
) -> tuple[Tensor, Tensor, Tensor]:
    """The pixels that each clip's crop is made of, and where they lie among them.

    Parameters
    ----------
    clips : B arrays (T, height, width, C) uint8. axes : their rows and columns.

    Returns
    -------
    windows : (B, T, h, w, C) uint8, padded to a common size.
    places : (B, 2, 2, n) int64: of rows and columns, the low and the high pixel in the window.
    weights : (B, 2, n) float32, the share of the high one.
    """
    cuts = [
        clip[:, rows.window, columns.window]
        for clip, (rows, columns) in zip(clips, axes, strict=True)
    ]
    height, width = (max(cut.shape[axis] for cut in cuts) for axis in (1, 2))
    frames, channels = cuts[0].shape[0], cuts[0].shape[3]
    windows = np.empty((len(cuts), frames, height, width, channels), np.uint8)
    for window, cut in zip(windows, cuts, strict=True):
        window[:, : cut.shape[1], : cut.shape[2]] = cut
        # A matrix product multiplies what is beyond the cut by zero.
    places = [
        [[axis.low - axis.window.start, axis.high - axis.window.start] for axis in pair]
        for pair in axes
    ]
    weights = [[axis.weight for axis in pair] for pair in axes]
    return (
        torch.from_numpy(windows),
        torch.from_numpy(np.array(places)),
        torch.from_numpy(np.array(weights)),
    )


def resample(
    windows: Tensor, places: Tensor, weights: Tensor, scale: Tensor, bias: Tensor
) -> Tensor:
    """Interpolate a batch of windows, on whatever device they are; see `cut_windows`.

    scale, bias : (B,) float32, a factor on each clip's pixels and a term added to them.
    Returns (B, C, T, n, n) float32.
    """
    if windows.device.type == "cpu":
        batch, frames, *_, channels = windows.shape
        # From numpy: it asks for large pages, which makes new memory four times as fast.
        result = np.empty((batch, channels, frames, *2 * weights.shape[2:]), np.float32)
        arrays = (t.numpy() for t in (windows, places, weights, scale, bias))
        _resample(*arrays, result)
        return torch.from_numpy(result)
    return resample_by_matrices(windows, places, weights, scale, bias)


def resample_by_matrices(
    windows: Tensor, places: Tensor, weights: Tensor, scale: Tensor, bias: Tensor
) -> Tensor:
    """`resample` as two matrix products per clip, which a GPU does in no time."""
    rows, columns = (
        _matrix(places[:, axis], weights[:, axis], windows.shape[2 + axis]) for axis in (0, 1)
    )
    pixels = windows.permute(0, 4, 1, 2, 3).float()
    pixels = rows[:, None, None] @ pixels @ columns.transpose(1, 2)[:, None, None]
    return pixels * scale[:, None, None, None, None] + bias[:, None, None, None, None]


def _matrix(places: Tensor, weights: Tensor, size: int) -> Tensor:
    """The matrices from `size` window pixels to the output's: (B, n, size)."""
    result = weights.new_zeros(*weights.shape, size)
    result.scatter_add_(2, places[:, 0, :, None], 1 - weights[..., None])
    return result.scatter_add_(2, places[:, 1, :, None], weights[..., None])


@compiled
def _resample(
    windows: np.ndarray,
    places: np.ndarray,
    weights: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    out: np.ndarray,
) -> None:
    batch, frames, height, width, channels = windows.shape
    line = np.empty(width * channels, np.float32)
    for b in range(batch):
        top, bottom = places[b, 0, 0], places[b, 0, 1]
        left, right = places[b, 1, 0] * channels, places[b, 1, 1] * channels
        down, across = weights[b, 0], weights[b, 1]
        for t in range(frames):
            frame = windows[b, t].reshape(height, width * channels)
            for i in range(len(top)):
                # Rows first, along packed pixels: the compiler makes vector code of this loop.
                above, below = frame[top[i]], frame[bottom[i]]
                for x in range(width * channels):
                    value = np.float32(above[x])
                    value += (np.float32(below[x]) - value) * down[i]
                    line[x] = value * scale[b] + bias[b]
                for c in range(channels):
                    row = out[b, c, t, i]
                    for j in range(len(left)):
                        value = line[left[j] + c]
                        row[j] = value + (line[right[j] + c] - value) * across[j]
