import pytest
import torch

from selavi import neighbours
from selavi.neighbours import nearest, nearest_others


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "QUERIES", 7)
    monkeypatch.setattr(neighbours, "GALLERY", 11)


def test_blocks_find_what_all_distances_say() -> None:
    rows = torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
    expected = torch.cdist(rows, rows).topk(5, largest=False)
    indices, distances = nearest(rows, rows, 5)
    torch.testing.assert_close(indices, expected.indices)
    torch.testing.assert_close(distances, expected.values, atol=2e-3, rtol=0)
    torch.testing.assert_close(nearest_others(rows, 4), expected.indices[:, 1:])


def test_no_row_is_its_own_neighbour_among_equal_ones() -> None:
    rows = torch.zeros(20, 3)
    found = nearest_others(rows, 4)
    assert found.shape == (20, 4)
    assert not (found == torch.arange(20)[:, None]).any()
    assert all(len(set(row)) == 4 for row in found.tolist())
