"""Frames as decoders give them, what views read of them, and the definition in float64."""

import av
import numpy as np
import torch

from selavi.settings import VideoSettings
from selavi.transforms.video import views as V
from selavi.transforms.video.crop import WindowReader
from selavi.transforms.video.resize import Windows
from selavi.transforms.video.yuv import Planes

MATRICES = {1: (0.2126, 0.0722), 2: (0.299, 0.114), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}


def decoded(planes: np.ndarray, matrix: int = 2, full: bool = False) -> list[av.VideoFrame]:
    """Frames as a decoder gives them: (T, height * 3 / 2, width) uint8, Y above U above V."""
    frames = []
    for part in planes:
        frames.append(av.VideoFrame.from_ndarray(part, "yuvj420p" if full else "yuv420p"))
        frames[-1].colorspace = matrix
    return frames


def read(
    clips: list[list[av.VideoFrame]], views: list[V.VideoView], settings: VideoSettings
) -> Windows:
    sizes = [(clip[0].height, clip[0].width) for clip in clips]
    axes = [V.view_taps(v, *size, settings.crop) for v, size in zip(views, sizes, strict=True)]
    reader = WindowReader(axes, len(clips[0]), settings.grey)
    for place, clip in enumerate(clips):
        for time, frame in enumerate(clip):
            planes = Planes.of(frame, settings.grey)
            reader.put(place, slice(time, time + 1), planes)
    return Windows(**{name: torch.from_numpy(array) for name, array in reader.arrays().items()})


def prepared_video(
    planes: np.ndarray, view: V.VideoView, settings: VideoSettings, full: bool = False
) -> torch.Tensor:
    return V.prepare_video(read([decoded(planes, 2, full)], [view], settings), [view], settings)[0]


def picture(
    planes: np.ndarray, grey: bool = False, matrix: int = 2, full: bool = False
) -> torch.Tensor:
    """The definition, in float64: (C, T, height, width), 0 to 255."""
    height, width = planes.shape[1] * 2 // 3, planes.shape[2]
    luma = planes[:, :height].astype(np.float64)
    luma = luma if full else (luma - 16) * 255 / 219
    if grey:
        return torch.from_numpy(luma.clip(0, 255).round())[None]
    half = planes[:, height:].reshape(len(planes), 2, height // 2, width // 2)
    chroma = half.repeat(2, 2).repeat(2, 3).astype(np.float64) - 128
    u, v = chroma[:, 0], chroma[:, 1]
    u, v = (u / 255, v / 255) if full else (u / 224, v / 224)  # -0.5 to 0.5
    red, blue = MATRICES[matrix]
    r = luma + 255 * 2 * (1 - red) * v
    b = luma + 255 * 2 * (1 - blue) * u
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return torch.from_numpy(np.stack([r, g, b])).clip(0, 255)


def random_planes(frames: int, height: int, width: int) -> np.ndarray:
    shape = (frames, height * 3 // 2, width)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
