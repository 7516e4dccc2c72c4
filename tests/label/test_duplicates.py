"""Groups of windows with the same bytes or nearly the same features."""

import numpy as np
import pandas as pd
import pytest
import torch

from selavi.label import duplicates
from selavi.label.duplicates import (
    SAME_PICTURE,
    first_of_each,
    near_duplicates,
    thumbnail_size,
    thumbnails,
)


def test_the_same_text_belongs_to_the_first() -> None:
    texts = pd.Series(["a", "b", "a", "", "", "b"], index=[5, 3, 8, 1, 0, 9])
    assert first_of_each(texts).tolist() == [0, 1, 0, 3, 4, 1]


def test_near_in_every_modality() -> None:
    """By angles: 0, 5 and 40 degrees of the video; the audio of the fourth is another."""
    angles = np.deg2rad([0, 5, 40, 2, 41])
    video = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32) * 7
    audio = np.array([[1, 0], [2, 0], [1, 0], [0, 3], [1, 0]], np.float32)
    rows = np.arange(5)
    assert near_duplicates({"video": video, "audio": audio}, rows) == {1: 0, 4: 2}
    assert near_duplicates({"video": video}, rows) == {1: 0, 3: 0, 4: 2}
    assert near_duplicates({"video": video}, np.array([1, 3, 4])) == {3: 1}


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_any_size_of_blocks_gives_the_same(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the same as comparing one by one with the earlier ones that repeat none."""
    monkeypatch.setattr(duplicates, "BLOCK", block)
    random = np.random.default_rng(0)
    centres = random.normal(size=(12, 8))
    rows = centres[random.integers(12, size=200)] + random.normal(size=(200, 8)) * 0.06
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected: dict[int, int] = {}
    for n in range(200):
        near = [m for m in range(n) if m not in expected and unit[n] @ unit[m] >= 0.99]
        if near:
            expected[n] = near[0]
    assert 20 < len(expected) < 190
    assert near_duplicates({"video": rows.astype(np.float32)}, np.arange(200)) == expected


def test_each_kind_of_features_has_its_largest_distance() -> None:
    """By angles of 0, 4 and 8 degrees: cosine distances of 0.0024 and 0.0097 to the first."""
    angles = np.deg2rad([0, 4, 8])
    rows = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    alike = np.ones((3, 2), np.float32)
    features = {"thumbnails": rows, "video": alike}
    assert near_duplicates(features, np.arange(3)) == {1: 0, 2: 0}
    assert near_duplicates(features, np.arange(3), {"thumbnails": 0.004}) == {1: 0}


def test_thumbnails_tell_a_moved_hand_from_noise() -> None:
    """Brightness and contrast do not matter; clips without contrast are alike."""
    random = torch.Generator().manual_seed(0)
    cells = torch.rand((1, 1, 8, 8), generator=random)
    scene = cells.repeat_interleave(4, 2).repeat_interleave(4, 3).expand(6, -1, -1, -1)[None]
    scene = scene.transpose(1, 2)
    moved = scene.clone()
    moved[..., 12:20, 12:20] = scene[..., 4:12, 20:28]
    noisy = scene + 0.02 * torch.randn(scene.shape, generator=random)
    grey = torch.full_like(scene, 0.3)
    clips = torch.cat([scene, moved, noisy, 3 * scene + 2, grey, 2 * grey])
    rows = thumbnails(clips.expand(-1, 3, -1, -1, -1)).numpy()
    assert rows.shape == (6, thumbnail_size())
    found = near_duplicates({"picture": rows}, np.arange(6), {"picture": SAME_PICTURE})
    assert found == {2: 0, 3: 0, 5: 4}
