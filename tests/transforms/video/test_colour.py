import numpy as np
import pytest
import torch

from selavi.settings import VideoSettings
from selavi.transforms.video.colour import OPERATIONS, ColourView, random_colour, recolour

WEIGHTS = torch.tensor([0.2989, 0.587, 0.114])  # of red, green and blue: what grey is made of


@pytest.fixture
def clip() -> torch.Tensor:
    return torch.rand(3, 4, 20, 24, generator=torch.Generator().manual_seed(0))


def test_nothing_is_drawn_unless_asked_for() -> None:
    random, untouched = np.random.default_rng(0), np.random.default_rng(0)
    assert random_colour(VideoSettings(), random) is None
    assert random.random() == untouched.random()


def test_draws_follow_the_settings() -> None:
    settings = VideoSettings(colour=0.4, greyscale=0.2, blur=0.5)
    random = np.random.default_rng(0)
    views = [random_colour(settings, random) for _ in range(3000)]
    drawn = [view for view in views if view]
    assert len(drawn) == 3000
    jittered = [dict(view.jitter) for view in drawn if view.jitter]
    assert len(jittered) / 3000 == pytest.approx(0.8, abs=0.03)
    assert np.mean([view.grey for view in drawn]) == pytest.approx(0.2, abs=0.03)
    assert np.mean([view.blur > 0 for view in drawn]) == pytest.approx(0.5, abs=0.03)
    for name in ("brightness", "contrast", "saturation"):
        factors = [factors[name] for factors in jittered]
        assert 0.6 <= min(factors) < 0.61
        assert 1.39 < max(factors) <= 1.4
    hues = [factors["hue"] for factors in jittered]
    assert -0.1 <= min(hues) < -0.09
    assert len({tuple(name for name, _ in view.jitter) for view in drawn if view.jitter}) == 24


def test_operations_are_their_definitions(clip: torch.Tensor) -> None:
    def applied(name: str, factor: float) -> torch.Tensor:
        return recolour(clip, ColourView(jitter=((name, factor),)))

    grey = torch.einsum("cthw,c->thw", clip, WEIGHTS)
    assert torch.allclose(applied("brightness", 1.3), (clip * 1.3).clamp(0, 1), atol=1e-5)
    mean = grey.mean((1, 2))[None, :, None, None]
    expected = (clip * 0.7 + mean * 0.3).clamp(0, 1)
    assert torch.allclose(applied("contrast", 0.7), expected, atol=1e-3)
    expected = (clip * 1.3 - grey * 0.3).clamp(0, 1)
    assert torch.allclose(applied("saturation", 1.3), expected, atol=1e-3)
    thirds = applied("hue", 1 / 3)  # a third of a turn: red is where green was, and so on
    assert torch.allclose(thirds, clip[[2, 0, 1]], atol=1e-4)
    dull = recolour(clip, ColourView(grey=True))
    assert torch.allclose(dull, grey.expand_as(clip), atol=1e-3)


def test_red_is_the_first_channel(clip: torch.Tensor) -> None:
    """The release weighs RGB pixels as BGR, and after normalisation."""
    red = torch.zeros_like(clip)
    red[0] = 1
    dull = recolour(red, ColourView(grey=True))
    assert torch.allclose(dull, torch.full_like(dull, 0.2989), atol=1e-3)


def test_blur_is_gaussian_and_the_same_in_every_frame() -> None:
    dot = torch.zeros(1, 2, 21, 21)
    dot[:, :, 10, 10] = 1
    blurred = recolour(dot, ColourView(blur=1.5))
    assert torch.equal(blurred[:, 0], blurred[:, 1])
    assert float(blurred[0, 0].sum()) == pytest.approx(1, abs=1e-4)
    places = torch.arange(21) - 10.0
    assert float((blurred[0, 0].sum(0) * places**2).sum()) == pytest.approx(1.5**2, rel=0.1)


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_one_channel_stays_one(name: str, clip: torch.Tensor) -> None:
    view = ColourView(jitter=((name, 0.05),), grey=True, blur=0.5)
    assert recolour(clip[:1], view).shape == clip[:1].shape
