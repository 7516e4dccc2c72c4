"""From stored frames to the network's picture: which frames, what size, which crop."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from selavi.settings import VideoSettings
from selavi.transforms.video.colour import ColourView, random_colour, recolour
from selavi.transforms.video.moments import moments
from selavi.transforms.video.resize import Taps, Windows, resample, taps

END = float(np.nextafter(1, 0))  # the last place of a crop


@dataclass(frozen=True)
class VideoView:
    """One way to look at a video; everything random has been drawn.

    start : first stored frame of the clip.
    short_side : pixels the frame's short side is resized to.
    crop_at : where the crop lies in the room there is, (down, across), each in [0, 1); None is the
        centre.
    flip : mirror left and right.
    gain, bias : applied after normalisation.
    colour : applied before it.
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
    """The test views of a video: `clips` starts, and of each `crops` crops.

    clips : start i of n is int(room * i / n), room being the frames that the clip leaves over.
    crops : 1 for the centre; 3 for left, centre and right (of a tall video top, middle and bottom).
    short_side : pixels the frame's short side is resized to; the crop's side if not given.
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
    """Length of a clip in stored frames."""
    return settings.frames * source_fps / settings.fps


def random_view(
    settings: VideoSettings, frames: int, source_fps: float, random: np.random.Generator
) -> VideoView:
    """A training view of a video of `frames` stored frames."""
    room = max(0.0, frames - clip_span(settings, source_fps))
    jitter = settings.jitter
    return VideoView(
        start=int(random.uniform(0, room)),
        short_side=int(random.integers(settings.scale_min, settings.scale_max + 1)),
        crop_at=(float(random.random()), float(random.random())),
        flip=bool(random.random() < settings.flip),
        gain=float(random.uniform(1 - jitter, 1 + jitter)),
        bias=float(random.uniform(-jitter, jitter)),
        colour=random_colour(settings, random),
    )


def centre_view(settings: VideoSettings, frames: int, source_fps: float) -> VideoView:
    """The view that clusters are judged by: test view 500 of 1,000, centre crop."""
    return VideoView(_start(500, 1000, settings, frames, source_fps), settings.crop)


def grid_views(
    settings: VideoSettings, grid: ViewGrid, frames: int, source_fps: float, wide: bool
) -> list[VideoView]:
    """The test views of a video, by clip and then by crop; `wide`: not taller than wide."""
    side = grid.short_side or settings.crop
    if side < settings.crop:
        raise ValueError(f"short_side = {side} is below the crop, {settings.crop}")
    along: list[float | None] = [None] if grid.crops == 1 else [0.0, None, END]
    return [
        VideoView(
            _start(number, grid.clips, settings, frames, source_fps),
            side,
            (None, place) if wide else (place, None),
        )
        for number, place in product(range(grid.clips), along)
    ]


def _start(number: int, of: int, settings: VideoSettings, frames: int, source_fps: float) -> int:
    room = max(0.0, frames - clip_span(settings, source_fps))
    return int(room * number / of)


def frame_numbers(
    view: VideoView, settings: VideoSettings, frames: int, source_fps: float
) -> np.ndarray:
    """Stored frames of a clip: (T,) int64, evenly spread over its span, within the video."""
    span = clip_span(settings, source_fps)
    numbers = np.linspace(view.start, view.start + span - 1, settings.frames)
    return np.clip(numbers, 0, frames - 1).astype(np.int64)


def view_taps(view: VideoView, height: int, width: int, crop: int) -> tuple[Taps, Taps]:
    """Rows and columns of a stored frame that the view's crop is interpolated from."""
    ratio = view.short_side / min(height, width)
    found = []
    for length, other, at in (
        (height, width, view.crop_at[0]),
        (width, height, view.crop_at[1]),
    ):
        size = view.short_side if length <= other else int(length * ratio)
        room = size - crop
        first = -(-room // 2) if at is None else int(at * (room + 1))
        found.append(taps(length, size, first, crop))
    rows, columns = found
    return rows, columns.reversed() if view.flip else columns


def prepare_video(windows: Windows, views: list[VideoView], settings: VideoSettings) -> Tensor:
    """Resize, crop, mirror, colour and normalise a batch, on the device where its windows are.

    Returns (B, C, T, crop, crop) float32.
    """

    def column(values: Iterable[float]) -> Tensor:
        return torch.tensor(list(values), dtype=torch.float32, device=windows.luma.device)

    gain, bias = column(v.gain for v in views), column(v.bias for v in views)
    # (x / 255 - 0.45) / 0.225, then gain and bias, as one factor and one term.
    scale, term = gain / 255 / 0.225, bias - 0.45 / 0.225 * gain
    coloured = any(view.colour for view in views)
    if settings.normalise == "fixed" and not coloured:
        return resample(windows, scale, term)
    one, nil = torch.ones_like(gain), torch.zeros_like(gain)
    pixels = resample(windows, one, nil)
    if coloured:
        for clip, view in zip(pixels, views, strict=True):
            if view.colour is not None:
                clip.copy_(recolour(clip / 255, view.colour) * 255)
    if settings.normalise == "clip":
        deviation, mean = moments(pixels)
        scale = gain / deviation.clamp_min(1.0)
        term = bias - mean * scale
    return torch.addcmul(_wide(term), pixels, _wide(scale))


def _wide(values: Tensor) -> Tensor:
    return values[:, None, None, None, None]
