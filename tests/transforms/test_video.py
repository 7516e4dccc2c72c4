import av
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from selavi.settings import VideoSettings
from selavi.transforms.video import views as V
from selavi.transforms.video.crop import WindowReader
from selavi.transforms.video.resize import Windows, resize, resize_by_matrices
from selavi.transforms.video.yuv import Planes

PAPER = VideoSettings()
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


def random_planes(frames: int, height: int, width: int) -> np.ndarray:
    shape = (frames, height * 3 // 2, width)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


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
