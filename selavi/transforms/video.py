"""From stored frames to the network's picture: which frames, what size, which crop."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from selavi.settings import VideoSettings


@dataclass(frozen=True)
class VideoView:
    """One way to look at a video; everything random has been drawn.

    start : first stored frame of the clip.
    short_side : pixels the frame's short side is resized to.
    crop_at : where the crop lies in the room there is, (down, across), each in [0, 1); None is the
        centre.
    flip : mirror left and right.
    gain, bias : applied after normalisation.
    """

    start: int
    short_side: int
    crop_at: tuple[float, float] | None = None
    flip: bool = False
    gain: float = 1.0
    bias: float = 0.0


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
    )


def centre_view(settings: VideoSettings, frames: int, source_fps: float) -> VideoView:
    """The evaluation view: the middle of the video, its short side at the crop, its centre."""
    room = max(0.0, frames - clip_span(settings, source_fps))
    return VideoView(start=int(room * 0.5), short_side=settings.crop)


def frame_numbers(
    view: VideoView, settings: VideoSettings, frames: int, source_fps: float
) -> np.ndarray:
    """Stored frames of a clip: (T,) int64, evenly spread over its span, within the video."""
    span = clip_span(settings, source_fps)
    numbers = np.linspace(view.start, view.start + span - 1, settings.frames)
    return np.clip(numbers, 0, frames - 1).astype(np.int64)


def prepare_video(frames: Tensor, view: VideoView, settings: VideoSettings) -> Tensor:
    """Resize, crop, mirror and normalise.

    Parameters
    ----------
    frames : (T, C, height, width) uint8, the chosen frames.

    Returns
    -------
    (C, T, crop, crop) float32.
    """
    height, width = frames.shape[-2:]
    ratio = view.short_side / min(height, width)
    size = (
        view.short_side if height <= width else int(height * ratio),
        view.short_side if width <= height else int(width * ratio),
    )
    clip = frames.float()
    if size != (height, width):
        clip = F.interpolate(clip, size=size, mode="bilinear", align_corners=False)
    room = (size[0] - settings.crop, size[1] - settings.crop)
    if view.crop_at is None:
        top, left = -(-room[0] // 2), -(-room[1] // 2)
    else:
        top, left = (int(share * (r + 1)) for share, r in zip(view.crop_at, room, strict=True))
    clip = clip[..., top : top + settings.crop, left : left + settings.crop]
    if view.flip:
        clip = clip.flip(-1)
    if settings.normalise == "clip":
        deviation, mean = torch.std_mean(clip, correction=0)
        clip = (clip - mean) / deviation.clamp_min(1.0)
    else:
        clip = (clip / 255 - 0.45) / 0.225
    return (clip * view.gain + view.bias).transpose(0, 1)
