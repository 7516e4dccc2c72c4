"""Training and test views: frames, sizes, crops, flips."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from selavi.settings import VideoSettings
from selavi.transforms.video import views as V
from tests.transforms.video.frames import picture, prepared_video, random_planes

PAPER = VideoSettings()


@pytest.mark.parametrize(("height", "width"), [(128, 170), (170, 128), (128, 128)])
def test_evaluation_takes_the_centre(height: int, width: int) -> None:
    planes = random_planes(30, height, width)
    view = V.centre_view(PAPER, frames=300, source_fps=30.0)
    assert view.start == (300 - 30) // 2
    clip = prepared_video(planes, view, PAPER)
    assert clip.shape == (3, 30, 112, 112)
    size = (112, int(112 / 128 * 170)) if width > height else (int(112 / 128 * height), 112)
    resized = F.interpolate(picture(planes), size=size, mode="bilinear", align_corners=False)
    top, left = (-(-(length - 112) // 2) for length in size)
    expected = (resized[..., top : top + 112, left : left + 112] / 255 - 0.45) / 0.225
    assert (clip - expected).abs().max() < 2e-4


@pytest.mark.parametrize(("height", "width"), [(128, 172), (172, 128)])
def test_test_views(height: int, width: int) -> None:
    """Start i of n is int(room * i / n); crops lie at both ends and in the middle, rounded up."""
    grid = V.ViewGrid(clips=4, crops=3)
    views = V.grid_views(PAPER, grid, frames=101, source_fps=30.0, wide=width >= height)
    assert len(views) == len(grid) == 12
    assert [v.start for v in views[::3]] == [0, 17, 35, 53]
    planes = random_planes(1, height, width)
    size = (112, 150) if width > height else (150, 112)
    resized = F.interpolate(picture(planes), size=size, mode="bilinear", align_corners=False)
    for view, at in zip(views[:3], (0, 19, 38), strict=True):
        strip = resized[..., at : at + 112] if width > height else resized[..., at : at + 112, :]
        found = prepared_video(planes, view, VideoSettings(frames=1))
        assert (found - (strip / 255 - 0.45) / 0.225).abs().max() < 2e-4
    centre = V.grid_views(PAPER, V.ViewGrid(2, 1, 128), 101, 30.0, wide=True)
    assert [(v.start, v.short_side, v.crop_at) for v in centre] == [
        (0, 128, (None, None)), (35, 128, (None, None)),
    ]  # fmt: skip


def test_test_views_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="crops = 2; use 1 clip or more, 1 or 3 crops"):
        V.ViewGrid(10, 2)
    with pytest.raises(ValueError, match="short_side = 64 is below the crop, 112"):
        V.grid_views(PAPER, V.ViewGrid(1, 1, 64), 100, 30.0, wide=True)


def test_random_crops_reach_both_edges() -> None:
    settings = VideoSettings(frames=1, crop=8, scale_min=8, scale_max=8, grey=True)
    ramp = np.zeros((1, 15, 8), np.uint8)
    ramp[0, :10] = np.arange(10)[:, None]  # room for three offsets
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        view = V.random_view(settings, 30, 30.0, random)
        edge = prepared_video(ramp, view, settings, full=True).min()
        seen.add(round(float((edge * 0.225 + 0.45) * 255)))
    assert seen == {0, 1, 2}


def test_frames_are_spread_evenly_and_clamped() -> None:
    view = V.VideoView(start=10, short_side=112, crop_at=(None, None))
    assert V.frame_numbers(view, PAPER, 300, 30.0).tolist() == list(range(10, 40))
    demo = VideoSettings(frames=8, fps=8.0)
    assert V.frame_numbers(view, demo, 32, 16.0).tolist() == [
        10,
        12,
        14,
        16,
        18,
        20,
        22,
        25,
    ]
    late = V.VideoView(start=290, short_side=112, crop_at=(None, None))
    assert V.frame_numbers(late, PAPER, 300, 30.0).max() == 299


def test_training_views_cover_their_ranges() -> None:
    random = np.random.default_rng(0)
    views = [V.random_view(PAPER, 90, 30.0, random) for _ in range(2000)]
    assert {v.short_side for v in views} == set(range(128, 161))
    assert (min(v.start for v in views), max(v.start for v in views)) == (0, 59)
    assert 0.45 < np.mean([v.flip for v in views]) < 0.55


def test_a_flip_mirrors_and_each_clip_is_normalised() -> None:
    settings = VideoSettings(crop=8, scale_min=8, scale_max=8, grey=True, normalise="clip")
    frames = random_planes(30, 8, 8)
    plain = prepared_video(frames, V.VideoView(0, 8), settings)
    mirrored = prepared_video(frames, V.VideoView(0, 8, flip=True), settings)
    assert torch.allclose(mirrored, plain.flip(-1), atol=1e-6)
    assert float(plain.mean()) == pytest.approx(0, abs=1e-5)
    assert float(plain.std(correction=0)) == pytest.approx(1, abs=1e-4)
