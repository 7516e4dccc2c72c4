"""Windows of a file: lengths worked by hand, and every second covered whatever the numbers."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selavi.label.windows import SHORTEST, Windowing, uncovered

seconds = st.floats(0.05, 400, allow_nan=False)
lengths = st.floats(SHORTEST, 60)


@pytest.mark.parametrize(
    ("windowing", "end", "expected"),
    [
        (Windowing(), 29.9, [(0, 29.9)]),
        (Windowing(), 30, [(0, 10), (10, 20), (20, 30)]),
        (Windowing(), 31, [(0, 10), (10, 20), (20, 31)]),
        (Windowing(), 31.1, [(0, 10), (10, 20), (20, 30), (30, 31.1)]),
        (Windowing(5), 12, [(0, 5), (5, 10), (10, 12)]),
        (Windowing(5), 0.5, [(0, 0.5)]),
        (Windowing(10, 5), 22, [(0, 10), (5, 15), (10, 20), (15, 22)]),
        (Windowing(stride=5), 12, [(0, 10), (5, 12)]),
    ],
)
def test_by_hand(windowing: Windowing, end: float, expected: list[tuple[float, float]]) -> None:
    np.testing.assert_allclose(windowing.spans(0, end), expected)


def test_shots_by_hand() -> None:
    """A cut right after the last one, or right before the end, makes no window of its own."""
    found = Windowing(4).shots(0, 14, [0.3, 2, 2.5, 9, 13.5])
    np.testing.assert_allclose(found, [(0, 2), (2, 6), (6, 9), (9, 14)])


@given(length=lengths, share=st.floats(0.05, 1), end=seconds, cuts=st.lists(seconds, max_size=9))
def test_windows_cover_every_second(
    length: float, share: float, end: float, cuts: list[float]
) -> None:
    windowing = Windowing(length, length * share)
    for spans in (windowing.spans(0, end), windowing.shots(0, end, cuts)):
        table = pd.DataFrame(spans, columns=["start", "end"])
        assert uncovered(spans, 0, end) == []
        assert table["end"].max() <= end + 1e-5
        assert (table["start"].diff().dropna() > 0).all()
        shortest = (table["end"] - table["start"]).min()
        assert shortest >= min(end, SHORTEST) - 1e-5
    assert all(b - a <= length + SHORTEST + 1e-5 for a, b in windowing.spans(0, end))


def test_what_no_window_covers_is_found() -> None:
    windows = [(6.0, 8.0), (0.0, 2.0), (1.0, 3.0)]
    assert uncovered(windows, 0, 9) == [(3, 6), (8, 9)]
    assert uncovered(windows, 1, 3) == []
    assert uncovered([], 1, 3) == [(1, 3)]


@pytest.mark.parametrize(
    ("window", "stride", "words"),
    [
        (1.0, None, "windows of 1 s are not possible; give at least 1.1 seconds"),
        (math.inf, None, "windows of inf s"),
        (math.nan, None, "windows of nan s"),
        (5.0, 6.0, "a stride of 6 s does not fit windows of 5 s"),
        (None, 11.0, "a stride of 11 s does not fit windows of 10 s"),
        (5.0, 0.0, "a stride of 0 s"),
    ],
)
def test_impossible_windows(window: float | None, stride: float | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Windowing(window, stride)


def test_many_windows_are_quick() -> None:
    """A day in steps of a second."""
    spans = Windowing(10, 1).spans(0, 86_400)
    assert len(spans) == 86_391 and spans[-1] == (86_390, 86_400)
    assert all(b[0] > a[0] for a, b in itertools.pairwise(spans))
