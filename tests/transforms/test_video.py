import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from selavi.settings import VideoSettings
from selavi.transforms import video
from selavi.transforms.resample import cut_windows, resample, resample_by_matrices

PAPER = VideoSettings()


def prepared_video(
    frames: np.ndarray, view: video.VideoView, settings: VideoSettings
) -> torch.Tensor:
    axes = video.view_taps(view, frames.shape[1], frames.shape[2], settings.crop)
    return video.prepare_video(*cut_windows([frames], [axes]), [view], settings)[0]


def defined(frames: np.ndarray, view: video.VideoView, crop: int) -> torch.Tensor:
    """Whole frames resized, then cropped, then mirrored: (C, T, crop, crop), 0 to 255."""
    height, width = frames.shape[1:3]
    side, ratio = view.short_side, view.short_side / min(height, width)
    size = (
        side if height <= width else int(ratio * height),
        side if width <= height else int(ratio * width),
    )
    clip = torch.from_numpy(frames).permute(3, 0, 1, 2).float()
    clip = F.interpolate(clip, size=size, mode="bilinear", align_corners=False)
    top, left = (
        -(-(length - crop) // 2) if at is None else int(at * (length - crop + 1))
        for at, length in zip(view.crop_at, size, strict=True)
    )
    clip = clip[..., top : top + crop, left : left + crop]
    return clip.flip(-1) if view.flip else clip


def random_frames(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(60, 200), width=st.integers(60, 200), side=st.integers(64, 180),
    down=st.none() | st.floats(0, video.END), across=st.none() | st.floats(0, video.END),
    flip=st.booleans(), channels=st.sampled_from([1, 3]),
)  # fmt: skip
def test_a_crop_resized_alone_is_the_crop_of_the_resized(
    height: int, width: int, side: int, down: float | None, across: float | None, flip: bool,
    channels: int,
) -> None:  # fmt: skip
    frames = random_frames(2, height, width, channels)
    view = video.VideoView(0, side, (down, across), flip, gain=1.1, bias=-0.2)
    paper = VideoSettings(frames=2, crop=64)
    expected = (defined(frames, view, 64) / 255 - 0.45) / 0.225 * 1.1 - 0.2
    assert (prepared_video(frames, view, paper) - expected).abs().max() < 1e-4
    parts = cut_windows([frames], [video.view_taps(view, height, width, 64)])
    scale, bias = torch.tensor([1.1 / 255 / 0.225]), torch.tensor([-0.2 - 2 * 1.1])
    on_gpu = resample_by_matrices(*parts, scale, bias)[0]
    assert (on_gpu - expected).abs().max() < 1e-4


def test_a_batch_of_windows_of_different_sizes() -> None:
    """Wide, tall and small videos, large and small crops: each as it would be alone."""
    shapes = [(2, 64, 90, 3), (2, 100, 64, 3), (2, 50, 50, 3)]
    clips = [random_frames(*shape) for shape in shapes]
    views = [
        video.VideoView(0, 64, (0.0, 0.3), gain=0.9),
        video.VideoView(0, 90, (0.9, 0.1), flip=True, bias=0.1),
        video.VideoView(0, 70),
    ]
    for settings_ in (VideoSettings(crop=64), VideoSettings(crop=64, normalise="clip")):
        axes = [
            video.view_taps(view, clip.shape[1], clip.shape[2], 64)
            for clip, view in zip(clips, views, strict=True)
        ]
        parts = cut_windows(clips, axes)
        together = video.prepare_video(*parts, views, settings_)
        for clip, view, found in zip(clips, views, together, strict=True):
            assert torch.allclose(found, prepared_video(clip, view, settings_), atol=1e-5)
    pixels, nil = torch.ones(3), torch.zeros(3)
    one, other = (f(*parts, pixels, nil) for f in (resample, resample_by_matrices))
    assert torch.allclose(one, other, atol=2e-3)  # of 255


@pytest.mark.parametrize(("height", "width"), [(128, 170), (170, 128), (128, 128)])
def test_evaluation_takes_the_centre(height: int, width: int) -> None:
    frames = random_frames(30, height, width, 3)
    view = video.centre_view(PAPER, frames=300, source_fps=30.0)
    assert view.start == (300 - 30) // 2
    clip = prepared_video(frames, view, PAPER)
    assert clip.shape == (3, 30, 112, 112)
    size = (112, int(112 / 128 * 170)) if width > height else (int(112 / 128 * height), 112)
    whole = torch.from_numpy(frames).permute(3, 0, 1, 2).float()
    resized = F.interpolate(whole, size=size, mode="bilinear", align_corners=False)
    top, left = (-(-(length - 112) // 2) for length in size)
    expected = (resized[..., top : top + 112, left : left + 112] / 255 - 0.45) / 0.225
    assert torch.allclose(clip, expected, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(128, 171), (171, 128)])
def test_test_views(height: int, width: int) -> None:
    """Start i of n is int(room * i / n); crops lie at both ends and in the middle, rounded up."""
    grid = video.ViewGrid(clips=4, crops=3)
    views = video.grid_views(PAPER, grid, frames=101, source_fps=30.0, wide=width >= height)
    assert len(views) == len(grid) == 12
    assert [v.start for v in views[::3]] == [0, 17, 35, 53]
    frames = random_frames(1, height, width, 3)
    size = (112, 149) if width > height else (149, 112)
    whole = torch.from_numpy(frames).permute(3, 0, 1, 2).float()
    resized = F.interpolate(whole, size=size, mode="bilinear", align_corners=False)
    for view, at in zip(views[:3], (0, 19, 37), strict=True):
        strip = resized[..., at : at + 112] if width > height else resized[..., at : at + 112, :]
        found = prepared_video(frames, view, VideoSettings(frames=1))
        assert torch.allclose(found, (strip / 255 - 0.45) / 0.225, atol=1e-4)
    centre = video.grid_views(PAPER, video.ViewGrid(2, 1, 128), 101, 30.0, wide=True)
    assert [(v.start, v.short_side, v.crop_at) for v in centre] == [
        (0, 128, (None, None)), (35, 128, (None, None)),
    ]  # fmt: skip


def test_test_views_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="crops = 2; use 1 clip or more, 1 or 3 crops"):
        video.ViewGrid(10, 2)
    with pytest.raises(ValueError, match="short_side = 64 is below the crop, 112"):
        video.grid_views(PAPER, video.ViewGrid(1, 1, 64), 100, 30.0, wide=True)


def test_random_crops_reach_both_edges() -> None:
    settings = VideoSettings(frames=1, crop=8, scale_min=8, scale_max=8, grey=True)
    ramp = np.tile(np.arange(10, dtype=np.uint8)[:, None], (1, 8, 1, 1))  # room for three offsets
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        view = video.random_view(settings, 30, 30.0, random)
        edge = prepared_video(ramp, view, settings).min()
        seen.add(round(float((edge * 0.225 + 0.45) * 255)))
    assert seen == {0, 1, 2}


def test_frames_are_spread_evenly_and_clamped() -> None:
    view = video.VideoView(start=10, short_side=112, crop_at=(None, None))
    assert video.frame_numbers(view, PAPER, 300, 30.0).tolist() == list(range(10, 40))
    demo = VideoSettings(frames=8, fps=8.0)
    assert video.frame_numbers(view, demo, 32, 16.0).tolist() == [10, 12, 14, 16, 18, 20, 22, 25]
    late = video.VideoView(start=290, short_side=112, crop_at=(None, None))
    assert video.frame_numbers(late, PAPER, 300, 30.0).max() == 299


def test_training_views_cover_their_ranges() -> None:
    random = np.random.default_rng(0)
    views = [video.random_view(PAPER, 90, 30.0, random) for _ in range(2000)]
    assert {v.short_side for v in views} == set(range(128, 161))
    assert (min(v.start for v in views), max(v.start for v in views)) == (0, 59)
    assert 0.45 < np.mean([v.flip for v in views]) < 0.55


def test_a_flip_mirrors_and_each_clip_is_normalised() -> None:
    settings = VideoSettings(crop=8, scale_min=8, scale_max=8, grey=True, normalise="clip")
    frames = random_frames(30, 8, 8, 1)
    plain = prepared_video(frames, video.VideoView(0, 8), settings)
    mirrored = prepared_video(frames, video.VideoView(0, 8, flip=True), settings)
    assert torch.allclose(mirrored, plain.flip(-1), atol=1e-6)
    assert float(plain.mean()) == pytest.approx(0, abs=1e-5)
    assert float(plain.std(correction=0)) == pytest.approx(1, abs=1e-4)
