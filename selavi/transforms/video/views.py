"""Views of a video: which frames, what size, which crop; drawn, or on a test grid."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from selavi.settings import VideoSettings
from selavi.transforms.video.colour import ColourView, random_colour, recolour
from selavi.transforms.video.moments import moments
from selavi.transforms.video.resize import Taps, Windows, resize, taps

LAST = float(np.nextafter(1, 0))  # position of the last crop along an axis


@dataclass(frozen=True)
class VideoView:
    """A view of a video, with all random choices made.

    Attributes
    ----------
    start : int
        First stored frame of the clip.
    short_side : int
        Short side of the resized frame, in pixels.
    crop_at : tuple of (float or None)
        Position of the crop along height and width, relative to the possible ones, in [0, 1);
        None for the centre.
    flip : bool
        Whether to mirror left and right.
    gain, bias : float
        Applied after normalisation: x * gain + bias.
    colour : ColourView or None
        Applied before normalisation.
    """

    start: int
    short_side: int
    crop_at: tuple[float | None, float | None] = (None, None)
    flip: bool = False
    gain: float = 1.0
    bias: float = 0.0
    colour: ColourView | None = None


@dataclass(frozen=True)
class ViewGrid:
    """A grid of test views: `clips` start times by `crops` crops.

    Attributes
    ----------
    clips : int
        Start i of n is int((stored frames - frames of a clip) * i / n).
    crops : int
        1 for the centre; 3 for left, centre and right, or top, middle and bottom of a tall video.
    short_side : int or None
        Short side of the resized frame, in pixels; by default, the side of the crop.

    Raises
    ------
    ValueError
        If `clips` is below 1, or `crops` neither 1 nor 3.
    """

    clips: int = 10
    crops: int = 3
    short_side: int | None = None

    def __post_init__(self) -> None:
        if self.clips < 1 or self.crops not in (1, 3):
            raise ValueError(
                f"clips = {self.clips} and crops = {self.crops}; use 1 clip or more, 1 or 3 crops"
            )

    def __len__(self) -> int:
        return self.clips * self.crops


def clip_span(settings: VideoSettings, source_fps: float) -> float:
    """Length of a clip, in stored frames of the rate `source_fps`, not rounded."""
    return settings.frames * source_fps / settings.fps


def random_view(
    settings: VideoSettings, frames: int, source_fps: float, random: np.random.Generator
) -> VideoView:
    """Draw a training view.

    Parameters
    ----------
    settings : VideoSettings
        Frames, frame rate, crop and augmentations.
    frames : int
        Stored frames of the video.
    source_fps : float
        Their frame rate.
    random : numpy.random.Generator
        Random generator.

    Returns
    -------
    VideoView
        The drawn view.
    """
    slack = max(0.0, frames - clip_span(settings, source_fps))
    jitter = settings.jitter
    return VideoView(
        start=int(random.uniform(0, slack)),
        short_side=int(random.integers(settings.scale_min, settings.scale_max + 1)),
        crop_at=(float(random.random()), float(random.random())),
        flip=bool(random.random() < settings.flip),
        gain=float(random.uniform(1 - jitter, 1 + jitter)),
        bias=float(random.uniform(-jitter, jitter)),
        colour=random_colour(settings, random),
    )


def centre_view(settings: VideoSettings, frames: int, source_fps: float) -> VideoView:
    """The view of the clustering evaluation: test view 500 of 1,000, centre crop.

    Parameters
    ----------
    settings : VideoSettings
        Frames, frame rate and crop.
    frames : int
        Stored frames of the video.
    source_fps : float
        Their frame rate.

    Returns
    -------
    VideoView
        The middle of the video.
    """
    return VideoView(_start(500, 1000, settings, frames, source_fps), settings.crop)


def grid_views(
    settings: VideoSettings, grid: ViewGrid, frames: int, source_fps: float, wide: bool
) -> list[VideoView]:
    """The test views of a video.

    Parameters
    ----------
    settings : VideoSettings
        Frames, frame rate and crop.
    grid : ViewGrid
        Which views.
    frames : int
        Stored frames of the video.
    source_fps : float
        Their frame rate.
    wide : bool
        Whether the video is at least as wide as tall.

    Returns
    -------
    list of VideoView
        By clip, then by crop.

    Raises
    ------
    ValueError
        If the grid's short side is below the crop.
    """
    side = grid.short_side or settings.crop
    if side < settings.crop:
        raise ValueError(
            f"short_side = {side} is below the crop, {settings.crop}; raise short_side"
        )
    positions: list[float | None] = [None] if grid.crops == 1 else [0.0, None, LAST]
    return [
        VideoView(
            _start(number, grid.clips, settings, frames, source_fps),
            side,
            (None, position) if wide else (position, None),
        )
        for number, position in product(range(grid.clips), positions)
    ]


def _start(number: int, of: int, settings: VideoSettings, frames: int, source_fps: float) -> int:
    slack = max(0.0, frames - clip_span(settings, source_fps))
    return int(slack * number / of)


def frame_numbers(
    view: VideoView, settings: VideoSettings, frames: int, source_fps: float
) -> np.ndarray:
    """Stored frames of a clip, evenly spaced over its span and clamped to the video.

    Parameters
    ----------
    view : VideoView
        Where the clip starts.
    settings : VideoSettings
        T and the frame rate of a clip.
    frames : int
        Stored frames of the video.
    source_fps : float
        Their frame rate.

    Returns
    -------
    numpy.ndarray
        (T,) int64, ascending; frames may repeat.
    """
    span = clip_span(settings, source_fps)
    numbers = np.linspace(view.start, view.start + span - 1, settings.frames)
    return np.clip(numbers, 0, frames - 1).astype(np.int64)


def view_taps(view: VideoView, height: int, width: int, crop: int) -> tuple[Taps, Taps]:
    """Bilinear filters of a view's resize, crop and flip.

    Parameters
    ----------
    view : VideoView
        Size, crop and flip.
    height, width : int
        Of the stored frames, in pixels.
    crop : int
        Side of the crop, in pixels.

    Returns
    -------
    rows, columns : Taps
        The filters along height and width.
    """
    ratio = view.short_side / min(height, width)
    axes = []
    for length, other, at in (
        (height, width, view.crop_at[0]),
        (width, height, view.crop_at[1]),
    ):
        size = view.short_side if length <= other else int(length * ratio)
        slack = size - crop
        first = -(-slack // 2) if at is None else int(at * (slack + 1))
        axes.append(taps(length, size, first, crop))
    rows, columns = axes
    return rows, columns.reversed() if view.flip else columns


def prepare_video(windows: Windows, views: list[VideoView], settings: VideoSettings) -> Tensor:
    """Resize, crop, flip, colour and normalise a batch, on the device of its windows.

    Parameters
    ----------
    windows : Windows
        Source pixels, and the filters of resize, crop and flip.
    views : list of VideoView
        B views.
    settings : VideoSettings
        Normalisation.

    Returns
    -------
    Tensor
        (B, C, T, crop, crop) float32.
    """

    def column(values: Iterable[float]) -> Tensor:
        return torch.tensor(list(values), dtype=torch.float32, device=windows.luma.device)

    gain, bias = column(v.gain for v in views), column(v.bias for v in views)
    # ((x / 255 - 0.45) / 0.225) * gain + bias, as x * scale + term.
    scale, term = gain / 255 / 0.225, bias - 0.45 / 0.225 * gain
    has_colour = any(view.colour for view in views)
    if settings.normalise == "fixed" and not has_colour:
        return resize(windows, scale, term)
    ones, zeros = torch.ones_like(gain), torch.zeros_like(gain)
    pixels = resize(windows, ones, zeros)
    if has_colour:
        for clip, view in zip(pixels, views, strict=True):
            if view.colour is not None:
                clip.copy_(recolour(clip / 255, view.colour) * 255)
    if settings.normalise == "clip":
        sd, mean = moments(pixels)
        scale = gain / sd.clamp_min(1.0)
        term = bias - mean * scale
    return torch.addcmul(_per_clip(term), pixels, _per_clip(scale))


def _per_clip(values: Tensor) -> Tensor:
    return values[:, None, None, None, None]
