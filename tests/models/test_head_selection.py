"""Selection of a number of clusters and a head, without classes."""

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from selavi.models.head_selection import MOST_COUNTED, agreement, level_agreement, select_head

TRUTH = np.repeat(np.arange(4), 50)


def noisy(clusters: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Clusters of which a share is replaced at random."""
    random = np.random.default_rng(seed)
    changed = random.random(len(clusters)) < share
    drawn = random.integers(clusters.max() + 1, size=len(clusters))
    return np.where(changed, drawn, clusters)


def test_heads_agree_with_those_of_as_many_clusters() -> None:
    labels = np.stack([TRUTH, TRUTH, 3 - TRUTH, TRUTH // 2, noisy(TRUTH // 2, 0.5, 0)], 1)
    found = agreement(labels, [4, 4, 4, 2, 2])
    assert found[:3] == pytest.approx([1, 1, 1])
    assert found[3] == found[4] < 0.5
    assert agreement(labels[:, :3]) == pytest.approx([1, 1, 1])
    assert agreement(labels[:, :1]) == pytest.approx([1])
    assert agreement(labels[:, [0, 3]], [4, 2]) == pytest.approx([1, 1])


def test_a_number_of_clusters_is_selected_then_a_head_of_it() -> None:
    fine = [np.random.default_rng(seed).integers(20, size=200) for seed in range(3)]
    right = [noisy(TRUTH, share, seed) for seed, share in enumerate((0.4, 0.05, 0.1))]
    labels = np.stack([*right, *fine], 1)
    labels[0] = -1  # a clip without labels
    selection = select_head(labels, [4] * 3 + [20] * 3)
    assert selection.head == 1
    assert selection.levels[4] > 0.4
    # Random clusters agree by chance, by plain NMI the more, the more of them there are.
    assert abs(selection.levels[20]) < 0.05
    assert selection.agreements[3:].min() > 0.2


def test_a_single_head_of_a_number_agrees_with_itself() -> None:
    assert level_agreement(TRUTH[:, None], [4]) == {4: 1.0}


@pytest.mark.parametrize("clusters", [1, 2, 30, 6000])
def test_the_agreement_of_two_heads_is_scikit_learns_nmi(clusters: int) -> None:
    random = np.random.default_rng(clusters)
    one = random.integers(clusters, size=20_000)
    two = np.where(random.random(20_000) < 0.3, random.integers(clusters, size=20_000), one)
    wanted = normalized_mutual_info_score(one, two)
    assert agreement(np.stack([one, two], 1)) == pytest.approx([wanted, wanted], rel=1e-9)
    assert 30**2 < MOST_COUNTED < 5000**2  # both ways of counting are tested
