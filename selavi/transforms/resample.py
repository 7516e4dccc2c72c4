"""Bilinear resize of a crop alone: what resizing whole frames and cropping them would give.

The convention is torch's `interpolate(mode="bilinear", align_corners=False)` without antialiasing:
output pixel i lies at (i + 0.5) * scale - 0.5 of the source, scale = source size / resized size.
Only the output pixels that survive the crop are computed, so a training clip costs a tenth of a
resize of its whole frames.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numba import njit
from torch import Tensor


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
        return Taps(self.low[::-1].copy(), self.high[::-1].copy(), self.weight[::-1].copy())

    def matrix(self, size: int) -> Tensor:
        """The same as a matrix from a window of up to `size` pixels: (n, size) float32."""
        first, places = self.window.start, np.arange(len(self.low))
        result = np.zeros((len(self.low), size), np.float32)
        result[places, self.low - first] = 1 - self.weight
        result[places, self.high - first] += self.weight
        return torch.from_numpy(result)


def taps(source: int, resized: int, first: int, count: int) -> Taps:
    """Pixels first .. first + count - 1 of an axis resized from `source` to `resized` pixels."""
    scale = np.float32(source / resized)
    centre = (np.arange(first, first + count, dtype=np.float32) + np.float32(0.5)) * scale
    at = np.maximum(centre - np.float32(0.5), 0)
    low = np.minimum(at.astype(np.int64), source - 1)
    return Taps(low, np.minimum(low + 1, source - 1), (at - low).astype(np.float32))


def resample(
    frames: np.ndarray,
    which: np.ndarray,
    rows: Taps,
    columns: Taps,
    scale: float,
    bias: float,
    out: np.ndarray,
) -> None:
    """Fill `out` with scale * pixel + bias at the taps of some frames.

    frames : (n, height, width, C) uint8. which : (T,) int64, frames to take, in order.
    out : (C, T, len(rows.low), len(columns.low)) float32.
    """
    _resample(
        np.ascontiguousarray(frames), which, rows.low, rows.high, rows.weight,
        columns.low, columns.high, columns.weight, np.float32(scale), np.float32(bias), out,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _resample(frames, which, top, bottom, down, left, right, across, scale, bias, out):  # type: ignore[no-untyped-def] # pragma: no cover
    channels = frames.shape[3]
    first = left.min()
    count = (right.max() + 1 - first) * channels
    near, far = (left - first) * channels, (right - first) * channels
    line = np.empty(count, np.float32)
    for t in range(len(which)):
        frame = frames[which[t]].reshape(frames.shape[1], frames.shape[2] * channels)
        for i in range(len(top)):
            # Rows first, along packed pixels: the compiler makes vector code of this loop.
            above = frame[top[i], first * channels : first * channels + count]
            below = frame[bottom[i], first * channels : first * channels + count]
            for x in range(count):
                value = np.float32(above[x])
                value += (np.float32(below[x]) - value) * down[i]
                line[x] = value * scale + bias
            for c in range(channels):
                row = out[c, t, i]
                for j in range(len(near)):
                    value = line[near[j] + c]
                    row[j] = value + (line[far[j] + c] - value) * across[j]


def resample_batch(windows: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The same as `resample`, for a batch on any device, by matrix products.

    windows : (B, T, h, w, C) uint8, each clip's window, padded to a common size.
    rows : (B, n, h) and columns : (B, n, w) float32, see `Taps.matrix`.
    Returns (B, C, T, n, n) float32, 0 to 255.
    """
    pixels = windows.permute(0, 4, 1, 2, 3).float()
    return rows[:, None, None] @ pixels @ columns.transpose(1, 2)[:, None, None]
