"""Positions on the page: those of its clips, in their order, as whole numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.evaluation.clip_map import ClipMap
from selavi.files import UserError
from selavi.reporting.explorer.positions import MOST, grid, read_map


def made(folder: Path) -> Path:
    positions = np.array([[0, 0], [4, 1], [2, 2]], np.float32)
    ClipMap(np.array(["a", "b", "c"]), positions, "umap", "video").write(folder / "map.npz")
    return folder / "map.npz"


def test_positions_are_in_the_order_of_the_page(tmp_path: Path) -> None:
    read = read_map(made(tmp_path), pd.Series(["c", "a"]))
    assert read.positions.tolist() == [[2, 2], [0, 0]]
    assert (read.method, read.of) == ("umap", "video")


def test_a_map_of_other_clips_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lacks 1 of 2 clips, the first of them x; make it again"):
        read_map(made(tmp_path), pd.Series(["a", "x"]))


def test_both_directions_have_one_scale() -> None:
    placed = grid(np.array([[-1, 0], [3, 2], [1, 1]], np.float32))
    assert placed.dtype == np.uint16
    assert placed[:, 0].tolist() == [0, MOST, 32768]
    assert placed[:, 1].tolist() == [16384, 49151, 32768]


def test_clips_at_one_place() -> None:
    assert grid(np.zeros((2, 2), np.float32)).tolist() == [[32768, 32768]] * 2
