"""Pictures of the demo dataset: a handwritten digit bouncing over moving colour noise.

Letters in names: T frames, H rows, W columns. Lengths are fractions of the frame's side, times
are seconds, angles are radians, colours are RGB in 0..1.
"""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

F32 = npt.NDArray[np.float32]

SIDE = 96
FPS = 16
FRAMES = 32

_TIME_T = np.arange(FRAMES, dtype=np.float32) / FPS
_LUMA = np.array([0.299, 0.587, 0.114])
# The least step in brightness at which a digit stays legible once the video is compressed.
_MIN_CONTRAST = 0.25


def make_frames(digit: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Draw the frames of one video, 2 s.

    Parameters
    ----------
    digit : numpy.ndarray
        (8, 8), ink from 0 to 16, as in scikit-learn's `load_digits`.
    rng : numpy.random.Generator
        Draws all else: colours, motion, background, clutter and noise, alike for every digit.

    Returns
    -------
    numpy.ndarray
        (32, 96, 96, 3) uint8, RGB.
    """
    backdrop_colour = rng.uniform(0.05, 0.55, 3)
    frames_THWC = _backdrop(backdrop_colour, rng)
    for _ in range(rng.integers(0, 3)):
        shape_THW = _move(_clutter_shape(rng), rng.uniform(0.15, 0.3), 3.0, rng)
        _paint(frames_THWC, rng.uniform(0.0, 0.8, 3), _step(shape_THW, 0.4, 0.6))

    ink_THW = _move(_smooth_digit(digit), rng.uniform(0.65, 0.85), 0.2, rng)
    # The dark rim keeps strokes apart from clutter of the same colour.
    _paint(frames_THWC, backdrop_colour * 0.3, 0.7 * _step(ink_THW, 0.1, 0.35))
    _paint(frames_THWC, _digit_colour(backdrop_colour, rng), _step(ink_THW, 0.32, 0.6))

    frames_THWC += 0.03 * rng.standard_normal(frames_THWC.shape, dtype=np.float32)
    return (np.clip(frames_THWC, 0, 1) * 255).round().astype(np.uint8)


def _backdrop(colour: npt.NDArray[np.float64], rng: np.random.Generator) -> F32:
    """Two octaves of smooth colour noise, panning steadily: (T, H, W, 3)."""
    speed = rng.uniform(0.05, 0.4) * SIDE
    heading = rng.uniform(0, 2 * np.pi)
    path_T2 = np.outer(_TIME_T * speed, [np.sin(heading), np.cos(heading)])
    path_T2 = (path_T2 - path_T2.min(axis=0)).round().astype(int)

    size = SIDE + int(path_T2.max())
    canvas = np.broadcast_to(colour, (size, size, 3)).astype(np.float32)
    for cell, contrast in ((SIDE / 3, 0.16), (SIDE / 8, 0.1)):
        grid = rng.standard_normal((int(size / cell) + 3, int(size / cell) + 3, 3))
        zoomed = ndimage.zoom(grid.astype(np.float32), (cell, cell, 1), order=1)
        canvas += contrast * zoomed[:size, :size]
    canvas = np.clip(canvas, 0, 1)
    return np.stack([canvas[y : y + SIDE, x : x + SIDE] for y, x in path_T2])


def _move(shape: F32, size: float, turn: float, rng: np.random.Generator) -> F32:
    """Move a shape through the frame: it bounces off the edges and turns to and fro.

    `shape` (P, P) is 0 outside; `size` is its side in the frame, `turn` its largest angle from
    upright.
    """
    room = 1 - size
    speed = rng.uniform(0.05, 0.4)
    heading = rng.uniform(0, 2 * np.pi)
    start = rng.uniform(0, 2 * room, 2)
    straight_T2 = start + np.outer(_TIME_T * speed, [np.sin(heading), np.cos(heading)])
    # A triangle wave of period 2 * room is a bounce between 0 and room.
    centre_T2 = size / 2 + np.abs((straight_T2 + room) % (2 * room) - room)

    wobble_T = np.sin(2 * np.pi * rng.uniform(0.3, 1.2) * _TIME_T + rng.uniform(0, 2 * np.pi))
    angle_T = turn * (rng.uniform(-0.6, 0.6) + 0.4 * wobble_T)

    pixel = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    dy_TH1 = pixel[None, :, None] - centre_T2[:, 0, None, None].astype(np.float32)
    dx_T1W = pixel[None, None, :] - centre_T2[:, 1, None, None].astype(np.float32)
    scale = shape.shape[0] / size
    cos_T11 = (scale * np.cos(angle_T))[:, None, None].astype(np.float32)
    sin_T11 = (scale * np.sin(angle_T))[:, None, None].astype(np.float32)
    middle = (shape.shape[0] - 1) / 2
    rows_THW = middle + cos_T11 * dy_TH1 - sin_T11 * dx_T1W
    columns_THW = middle + sin_T11 * dy_TH1 + cos_T11 * dx_T1W
    moved: F32 = ndimage.map_coordinates(
        shape, np.stack([rows_THW, columns_THW]), output=np.float32, order=1
    )
    return moved


def _smooth_digit(digit: npt.NDArray[np.float64]) -> F32:
    """The digit's ink from 0 to 1, enlarged eightfold: (72, 72), margin included."""
    # Digits touch the edge of their 8 x 8 box: without a margin their strokes would be cut off.
    framed = np.pad(digit / 16, 1)
    ink = ndimage.zoom(framed, 8, order=3, grid_mode=True, mode="grid-constant")[4:-4, 4:-4]
    # Sharpened over one pixel of the original, lest small loops fill up and faint strokes break.
    ink += ink - ndimage.gaussian_filter(ink, 8)
    sharp: F32 = np.clip(ink, 0, 1).astype(np.float32)
    return sharp


def _clutter_shape(rng: np.random.Generator) -> F32:
    """A disc, a ring or a bar: (32, 32), about 1 inside and 0 outside."""
    y, x = np.mgrid[-1:1:32j, -1:1:32j]
    radius = np.hypot(x, y)
    distance = (
        radius - 0.8,
        np.abs(radius - 0.65) - 0.2,
        np.maximum(np.abs(x) - 0.9, np.abs(y) - 0.25),
    )[rng.integers(3)]
    shape: F32 = np.clip(0.5 - 8 * distance, 0, 1).astype(np.float32)
    return shape


def _digit_colour(
    backdrop: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    while True:
        colour = rng.uniform(0.1, 1.0, 3)
        if (colour - backdrop) @ _LUMA >= _MIN_CONTRAST:
            return colour


def _paint(frames_THWC: F32, colour: npt.NDArray[np.float64], cover_THW: F32) -> None:
    """Lay a colour over the frames, in place, where `cover_THW` (0 to 1) says."""
    frames_THWC += cover_THW[..., None] * (colour.astype(np.float32) - frames_THWC)


def _step(values: F32, low: float, high: float) -> F32:
    """0 below `low`, 1 above `high`, a straight slope between."""
    stepped: F32 = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return stepped
