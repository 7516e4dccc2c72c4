"""Views of given features: what they are drawn from, and what they do not depend on."""

import numpy as np
import pytest

from selavi.data.features.views import FeatureViews

N, D = 400, 16
ROWS = np.random.default_rng(0).normal(size=(N, D)).astype(np.float32)
NEAR = (np.arange(N)[:, None] + np.arange(1, 6)) % N
EVERYONE = np.arange(N)


def test_without_augmentation_a_view_is_the_clip() -> None:
    np.testing.assert_array_equal(
        FeatureViews({}).draw("video", ROWS, EVERYONE, (1, 2)), ROWS[EVERYONE]
    )


def test_a_view_is_any_of_the_neighbours_and_never_the_clip() -> None:
    views = FeatureViews({"video": NEAR})
    drawn = [views.draw("video", EVERYONE[:, None], EVERYONE, (0, turn)) for turn in range(200)]
    steps = (np.concatenate(drawn, 1) - EVERYONE[:, None]) % N
    assert set(np.unique(steps)) == {1, 2, 3, 4, 5}
    shares = np.bincount(steps.ravel())[1:] / steps.size
    np.testing.assert_allclose(shares, 0.2, atol=0.01)


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3, "noise": 0.5}])
def test_a_view_does_not_depend_on_the_batch(options: dict[str, float]) -> None:
    views = FeatureViews({"video": NEAR}, **options)
    whole = views.draw("video", ROWS, EVERYONE, (3, 1))
    order = np.random.default_rng(1).permutation(N)
    parts = [views.draw("video", ROWS, part, (3, 1)) for part in np.array_split(order, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole[order])


def test_modalities_and_passes_are_drawn_independently() -> None:
    views = FeatureViews({"video": NEAR, "audio": NEAR})
    draws = [("video", (0, 1)), ("audio", (0, 1)), ("video", (0, 2)), ("video", (1, 1))]
    steps = [
        (views.draw(name, EVERYONE[:, None], EVERYONE, key)[:, 0] - EVERYONE) % N
        for name, key in draws
    ]
    for other in steps[1:]:  # by chance a fifth are the same
        assert abs((steps[0] == other).mean() - 0.2) < 0.07


def test_dropout_and_noise() -> None:
    ones = np.ones((N, 100), np.float32)
    dropped = FeatureViews({}, dropout=0.25).draw("video", ones, EVERYONE, (0,))
    assert set(np.unique(dropped)) == {np.float32(0), np.float32(1 / 0.75)}
    assert dropped.mean() == pytest.approx(1, abs=0.01)
    noise = FeatureViews({}, noise=0.5).draw("video", ones, EVERYONE, (0,)) - 1
    assert noise.dtype == np.float32
    assert (noise.mean(), noise.std()) == pytest.approx((0, 0.5), abs=0.01)
    assert abs(np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]) < 0.02
