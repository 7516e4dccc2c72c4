"""Convert decoded frames, YUV 4:2:0, to RGB.

A pixel's Y and the U and V of its 2 x 2 block give each colour (ITU-T H.273, section 8.3):
    s (Y - y0) + cu (U - 128) + cv (V - 128)
clipped to 0..255 and not rounded. The coefficients follow the stream's matrix and range; an unknown
or missing matrix is read as BT.601, as ffmpeg does.
"""

from dataclasses import dataclass
from functools import cache

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange
from torch import Tensor

BT709, SMPTE240, BT2020 = 1, 7, 9
_RED_AND_BLUE = {BT709: (0.2126, 0.0722), SMPTE240: (0.212, 0.087), BT2020: (0.2627, 0.0593)}
_BT601 = (0.299, 0.114)  # weights of red and blue in the luma
# 8-bit 4:2:0, limited or full range, as the shard stage encodes it. ffmpeg converts other formats.
PLANAR = ("yuv420p", "yuvj420p")


@cache
def mixing(matrix: int, full_range: bool) -> np.ndarray:
    """Coefficients of the conversion to RGB.

    Parameters
    ----------
    matrix : int
        Matrix coefficients, by their number in ITU-T H.273, table 4.
    full_range : bool
        Whether Y is in 0..255 instead of 16..235.

    Returns
    -------
    numpy.ndarray
        (8,) float32: y0, s, and cu, cv of red, green and blue.
    """
    red, blue = _RED_AND_BLUE.get(matrix, _BT601)
    green = 1 - red - blue
    chroma = 2.0 if full_range else 2 * 255 / 224
    return np.array(
        [
            *((0, 1) if full_range else (16, 255 / 219)),
            *(0, chroma * (1 - red)),
            *(-chroma * blue * (1 - blue) / green, -chroma * red * (1 - red) / green),
            *(chroma * (1 - blue), 0),
        ],
        np.float32,
    )


def rgb(luma: Tensor, chroma: Tensor, mixing: Tensor) -> Tensor:
    """Convert frames to RGB, on their device.

    Parameters
    ----------
    luma : Tensor
        (B, T, h, w) uint8, h and w even.
    chroma : Tensor
        (B, T, 2, h / 2, w / 2) uint8, U and V.
    mixing : Tensor
        (B, 8) float32, see the function `mixing`.

    Returns
    -------
    Tensor
        (B, 3, T, h, w) float32 in 0..255.
    """
    y0, s = mixing[:, :2].T[..., None, None, None, None]
    cu, cv = mixing[:, 2:].reshape(-1, 3, 2).permute(2, 0, 1)[..., None, None, None]
    u, v = (chroma[:, None, :, plane].float() - 128 for plane in (0, 1))
    colour = (cu * u + cv * v).repeat_interleave(2, -1).repeat_interleave(2, -2)
    return (s * (luma[:, None].float() - y0) + colour).clamp(0, 255)


@dataclass(frozen=True)
class Planes:
    """The planes of a decoded frame.

    Attributes
    ----------
    luma : numpy.ndarray
        (h, w) uint8.
    chroma : tuple of numpy.ndarray or None
        U and V, each ((h + 1) // 2, (w + 1) // 2) uint8; None for greyscale.
    mixing : numpy.ndarray
        (8,) float32, see the function `mixing`.
    """

    luma: np.ndarray
    chroma: tuple[np.ndarray, np.ndarray] | None
    mixing: np.ndarray

    @classmethod
    def of(cls, frame: av.VideoFrame, grey: bool) -> "Planes":
        """Views of the memory of a frame, without chroma if `grey`."""
        full = frame.format.name == "yuvj420p" or frame.color_range == ColorRange.JPEG
        if frame.format.name not in PLANAR:
            frame = frame.reformat(format="yuv420p")
        luma, *chroma = (_array(plane) for plane in frame.planes[: 1 if grey else 3])
        pair = None if grey else (chroma[0], chroma[1])
        return cls(luma, pair, mixing(frame.colorspace, full))


def _array(plane: VideoPlane) -> np.ndarray:
    shape, strides = (plane.height, plane.width), (plane.line_size, 1)
    return np.ndarray(shape, np.uint8, memoryview(plane), 0, strides)
