"""YUV planes become the RGB that ffmpeg makes of them."""

import av
import numpy as np
import pytest
import torch

from selavi.settings import VideoSettings
from selavi.transforms.video import views as V
from tests.transforms.video.frames import MATRICES, decoded, picture, prepared_video, read


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", list(MATRICES))
def test_rgb_is_what_ffmpeg_makes_of_the_same_planes(matrix: int, full: bool) -> None:
    """But for its whole numbers, which are up to 3 off, where nothing is clipped."""
    random = np.random.default_rng(0)
    planes = np.full((1, 96, 64), 128, np.uint8)
    planes[:, :64] = random.integers(60, 180, (64, 64))
    planes[:, 64:] = random.integers(108, 148, (32, 64))
    [frame] = decoded(planes, matrix, full)
    theirs = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1).double()
    assert (picture(planes, False, matrix, full)[:, 0] - theirs).abs().max() < 3.5


def test_planes_of_another_kind_are_converted_first() -> None:
    planes = np.full((3, 64, 64), 100, np.uint8)  # ffmpeg blends chroma: here there is but one
    planes[0] = np.random.default_rng(0).integers(0, 256, (64, 64))
    frame = av.VideoFrame.from_ndarray(planes, "yuv444p")
    settings_ = VideoSettings(frames=1, crop=64, scale_min=64, scale_max=64)
    view = V.VideoView(0, 64)
    same = np.concatenate([planes[0], planes[1, :32]])[None]
    found = V.prepare_video(read([[frame]], [view], settings_), [view], settings_)[0]
    assert (found - prepared_video(same, view, settings_)).abs().max() < 0.02
