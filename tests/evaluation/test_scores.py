import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)
from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

from selavi.evaluation.bootstrap import bootstrap_intervals
from selavi.evaluation.scores import (
    contingency_table,
    expected_information,
    hungarian_accuracy,
    plain_scores,
    scores_of,
)


@settings(max_examples=60, deadline=None)
@example(clips=39, clusters=1, classes=1, likeness=0.0, seed=0)
@given(
    clips=st.integers(2, 400), clusters=st.integers(1, 30), classes=st.integers(1, 30),
    likeness=st.floats(0, 1), seed=st.integers(0, 9),
)  # fmt: skip
def test_the_scores_are_scikit_learns(
    clips: int, clusters: int, classes: int, likeness: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, clips)
    found = np.where(
        random.random(clips) < likeness, truth % clusters, random.integers(0, clusters, clips)
    )
    table = contingency_table(truth, found)
    assert np.array_equal(table, contingency_matrix(truth, found).T)
    scores = scores_of(table)
    assert scores.nmi == pytest.approx(normalized_mutual_info_score(truth, found), abs=1e-9)
    assert scores.ari == pytest.approx(adjusted_rand_score(truth, found), abs=1e-9)
    ours, theirs = scores.ami, adjusted_mutual_info_score(truth, found)
    # Both are 0/0 where no table but this one has these sizes.
    ceiling = expected_mutual_information(contingency_matrix(truth, found), clips)
    if abs(scores.nmi) > 1e-6 and ceiling > 1e-6:
        assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("sizes", [([500, 500], [300, 700]), ([1] * 50, [25, 25]), ([9], [4, 5])])
def test_expected_information(sizes: tuple[list[int], list[int]]) -> None:
    rows, columns = (np.array(s) for s in sizes)
    total = int(rows.sum())
    truth, found = np.repeat(range(len(columns)), columns), np.repeat(range(len(rows)), rows)
    theirs = expected_mutual_information(contingency_matrix(found, truth), total)
    assert expected_information(rows, columns) == pytest.approx(theirs, abs=1e-10)


def test_the_accuracy_of_a_rectangular_table_by_hand() -> None:
    wide = np.array([[5, 4, 0], [6, 0, 1]])  # row 0 takes column 1, row 1 column 0
    assert hungarian_accuracy(wide) == 10 / 16
    assert hungarian_accuracy(wide.T) == 10 / 16


def test_the_textbook_double_loop_gives_the_same_accuracy() -> None:
    random = np.random.default_rng(1)
    truth, found = random.integers(0, 6, 500), random.integers(0, 8, 500)
    table = contingency_table(truth, found)
    loop = np.array([[(truth[found == k] == c).sum() for c in range(6)] for k in range(8)])
    assert np.array_equal(table, loop)


def test_intervals_cover_what_a_new_sample_gives() -> None:
    """Drawn from a known table, about 95% of the intervals hold the score of a large sample."""
    random = np.random.default_rng(0)
    shares = (np.eye(5) * 0.7 + 0.06) / 5
    truth = plain_scores(np.round(shares * 1_000_000).astype(int))["accuracy"]
    held = 0
    for seed in range(60):
        table = random.multinomial(400, (shares / shares.sum()).ravel()).reshape(5, 5)
        low, high = bootstrap_intervals(table, draws=60, seed=seed)["accuracy"]
        held += low <= truth <= high
    assert 48 <= held <= 60


def test_intervals_are_the_same_again_and_narrow_for_certainty() -> None:
    table = np.diag([30, 40, 50])
    assert bootstrap_intervals(table)["nmi"] == (1.0, 1.0)
    low, high = bootstrap_intervals(np.array([[2, 1], [1, 2]]))["nmi"]  # six clips say little
    assert low == 0 < high
    noisy = table + 3
    assert bootstrap_intervals(noisy, seed=4) == bootstrap_intervals(noisy, seed=4)


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 classes for 0 clusters"):
        contingency_table(np.array([], int), np.array([], int))
