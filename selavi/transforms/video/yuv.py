"""RGB of pictures as decoders leave them: a plane of luma and two of chroma, of half its size.

A pixel's Y, with the U and V of its block of 2 x 2, gives each colour (ITU-T H.273, section 8.3):
    s (Y - y0) + cu (U - 128) + cv (V - 128)
clipped to 0..255 and not rounded. The factors follow the stream's own matrix and range; one
that names no matrix, or another than these, is taken for BT.601, as ffmpeg takes it.
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
_BT601 = (0.299, 0.114)  # of the luma, red's share and blue's
# 8 bits, chroma of half the size: what the shard stage asks for, with one range or the other. A
# stream with planes of another kind is converted to these by ffmpeg.
PLANAR = ("yuv420p", "yuvj420p")


@cache
def mixing(matrix: int, full_range: bool) -> np.ndarray:
    """What makes RGB of Y, U and V: (8,) float32, y0, s, and cu, cv of red, green, blue.

    matrix : its number in ITU-T H.273, table 4. full_range : whether Y runs from 0 to 255, and not
    from 16 to 235.
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
    """Convert whole pictures, on the device where they are.

    luma : (B, T, h, w) uint8, h and w even. chroma : (B, T, 2, h / 2, w / 2) uint8, U and V.
    mixing : (B, 8) float32. Returns (B, 3, T, h, w) float32 in 0..255.
    """
    y0, s = mixing[:, :2].T[..., None, None, None, None]
    cu, cv = mixing[:, 2:].reshape(-1, 3, 2).permute(2, 0, 1)[..., None, None, None]
    u, v = (chroma[:, None, :, plane].float() - 128 for plane in (0, 1))
    colour = (cu * u + cv * v).repeat_interleave(2, -1).repeat_interleave(2, -2)
    return (s * (luma[:, None].float() - y0) + colour).clamp(0, 255)


@dataclass(frozen=True)
class Planes:
    """A decoded frame.

    luma : (h, w) uint8. chroma : (2, (h + 1) // 2, (w + 1) // 2) uint8, U and V, or None.
    mixing : (8,) float32, see `mixing`.
    """

    luma: np.ndarray
    chroma: tuple[np.ndarray, np.ndarray] | None
    mixing: np.ndarray

    @classmethod
    def of(cls, frame: av.VideoFrame, grey: bool) -> "Planes":
        """Views of a frame's own memory, with chroma unless `grey`."""
        full = frame.format.name == "yuvj420p" or frame.color_range == ColorRange.JPEG
        if frame.format.name not in PLANAR:
            frame = frame.reformat(format="yuv420p")
        luma, *chroma = (_array(plane) for plane in frame.planes[: 1 if grey else 3])
        pair = None if grey else (chroma[0], chroma[1])
        return cls(luma, pair, mixing(frame.colorspace, full))


def _array(plane: VideoPlane) -> np.ndarray:
    shape, strides = (plane.height, plane.width), (plane.line_size, 1)
    return np.ndarray(shape, np.uint8, memoryview(plane), 0, strides)
