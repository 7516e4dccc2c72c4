"""Frames and samples are put where their times say."""

import av
import numpy as np
import pytest

from selavi.data.media.grid import FrameGrid, place_samples


def test_frames_are_put_where_their_times_say() -> None:
    grid = FrameGrid(zero=10.0, fps=10.0, end=11.0, due=10.31, until=11.4)
    others = [(t, av.VideoFrame(2, 2, "gray")) for t in (9.0, 9.96, 10.26, 10.31, 11.0)]
    placed = list(grid.place(others))
    numbers = [[frame is placed_one for _, frame in others].index(True) for placed_one in placed]
    assert numbers == [1, 1, 1, 3, 3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("lags", "expected"),
    [
        ([0] * 200, 0),
        ([0] * 50 + [20] * 150, 20),
        ([0] * 50 + [-30] * 150, -30),
        ([0, -5, -10, -15, -20, -25, -30, -35] * 25, 0),
        ([0, 5, 10, 15, 20, 25, 30, 35] * 25, 0),
    ],
    ids=["in order", "a gap", "an overlap", "times too short", "times too long"],
)
def test_samples_are_put_where_most_of_their_times_say(lags: list[int], expected: int) -> None:
    """Stretches of 20 ms, with how much too late their times are, in ms; the last is a click."""
    stretches = [np.zeros(20, np.int16) for _ in lags]
    stretches[-20][0] = 1
    parts = [(20 * n + lag, s) for n, (lag, s) in enumerate(zip(lags, stretches, strict=True))]
    placed = place_samples(parts, rate=1000)
    assert int(placed.argmax()) == 20 * (len(lags) - 20) + expected
