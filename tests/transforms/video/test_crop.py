"""A crop is that of whole frames, converted and resized."""

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from selavi.settings import VideoSettings
from selavi.transforms.video import views as V
from selavi.transforms.video.resize import resize, resize_by_matrices
from tests.transforms.video.frames import (
    MATRICES,
    decoded,
    picture,
    prepared_video,
    random_planes,
    read,
)


def defined(whole: torch.Tensor, view: V.VideoView, crop: int) -> torch.Tensor:
    """Whole frames resized, then cropped, then mirrored: (C, T, crop, crop), 0 to 255."""
    height, width = whole.shape[2:]
    side, ratio = view.short_side, view.short_side / min(height, width)
    size = (
        side if height <= width else int(ratio * height),
        side if width <= height else int(ratio * width),
    )
    clip = F.interpolate(whole, size=size, mode="bilinear", align_corners=False)
    top, left = (
        -(-(length - crop) // 2) if at is None else int(at * (length - crop + 1))
        for at, length in zip(view.crop_at, size, strict=True)
    )
    clip = clip[..., top : top + crop, left : left + crop]
    return clip.flip(-1) if view.flip else clip


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(30, 100), width=st.integers(30, 100), side=st.integers(64, 180),
    down=st.none() | st.floats(0, V.LAST), across=st.none() | st.floats(0, V.LAST),
    flip=st.booleans(), grey=st.booleans(), matrix=st.sampled_from(list(MATRICES)),
    full=st.booleans(),
)  # fmt: skip
def test_a_crop_is_that_of_whole_frames_converted_and_resized(
    height: int, width: int, side: int, down: float | None, across: float | None, flip: bool,
    grey: bool, matrix: int, full: bool,
) -> None:  # fmt: skip
    planes = random_planes(2, 2 * height, 2 * width)
    view = V.VideoView(0, side, (down, across), flip, gain=1.1, bias=-0.2)
    whole = picture(planes, grey, matrix, full)
    expected = (defined(whole, view, 64) / 255 - 0.45) / 0.225 * 1.1 - 0.2
    settings_ = VideoSettings(frames=2, crop=64, grey=grey)
    windows = read([decoded(planes, matrix, full)], [view], settings_)
    found = V.prepare_video(windows, [view], settings_)[0]
    assert (found - expected).abs().max() < 2e-4
    scale, bias = torch.tensor([1.1 / 255 / 0.225]), torch.tensor([-0.2 - 2 * 1.1])
    on_gpu = resize_by_matrices(windows, scale, bias)[0]
    assert (on_gpu - expected).abs().max() < 2e-4


def test_a_batch_of_windows_of_different_sizes() -> None:
    """Wide, tall and small videos, large and small crops: each as it would be alone, to the bit."""
    planes = [random_planes(2, *size) for size in ((64, 90), (100, 64), (50, 50))]
    views = [
        V.VideoView(0, 64, (0.0, 0.3), gain=0.9),
        V.VideoView(0, 90, (0.9, 0.1), flip=True, bias=0.1),
        V.VideoView(0, 70),
    ]
    for settings_ in (
        VideoSettings(crop=64), VideoSettings(crop=64, grey=True), VideoSettings(
            crop=64, normalise="clip"
        ),
    ):  # fmt: skip
        windows = read([decoded(part) for part in planes], views, settings_)
        together = V.prepare_video(windows, views, settings_)
        for part, view, found in zip(planes, views, together, strict=True):
            alone = prepared_video(part, view, settings_)
            if settings_.normalise == "fixed":
                assert torch.equal(found, alone)
            assert torch.allclose(found, alone, atol=1e-5)
        pixels, zeros = torch.ones(3), torch.zeros(3)
        one, other = (f(windows, pixels, zeros) for f in (resize, resize_by_matrices))
        assert torch.allclose(one, other, atol=2e-3)  # of 255
