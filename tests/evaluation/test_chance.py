import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from selavi.evaluation.chance import chance_scores
from selavi.evaluation.scores import contingency_table


def balanced(clips: int, clusters: int) -> np.ndarray:
    """The table of a perfect clustering into clusters of equal size."""
    numbers = np.arange(clips) % clusters
    return contingency_table(numbers, numbers)


@pytest.mark.parametrize(
    ("clips", "clusters", "nmi", "accuracy"),
    [(402, 28, 0.286, 0.15), (3312, 28, 0.035, 0.07), (170_752, 309, 0.056, 0.012)],
)
def test_chance_falls_with_the_number_of_clips(
    clips: int, clusters: int, nmi: float, accuracy: float
) -> None:
    scores = chance_scores(balanced(clips, clusters))
    assert scores["nmi_chance"] == pytest.approx(nmi, abs=0.001)
    assert scores["accuracy_chance"] == pytest.approx(accuracy, abs=0.005)
    assert scores["accuracy_adjusted"] == 1


def test_the_formula_is_the_mean_over_permutations() -> None:
    random = np.random.default_rng(0)
    classes, clusters = random.integers(0, 5, 200), random.integers(0, 3, 200) ** 2
    drawn = [
        normalized_mutual_info_score(classes, random.permutation(clusters)) for _ in range(500)
    ]
    scores = chance_scores(contingency_table(classes, clusters))
    assert scores["nmi_chance"] == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 500**0.5)


def test_random_clusters_are_adjusted_to_zero() -> None:
    random = np.random.default_rng(0)
    tables = [
        contingency_table(random.integers(0, 6, 300), random.integers(0, 6, 300)) for _ in range(20)
    ]
    adjusted = [chance_scores(table)["accuracy_adjusted"] for table in tables]
    assert abs(np.mean(adjusted)) < 0.02


def test_one_cluster_and_one_class() -> None:
    assert chance_scores(np.array([[7]])) == {
        "nmi_chance": 1.0, "accuracy_chance": 1.0, "accuracy_adjusted": 1.0,
    }  # fmt: skip


def test_one_cluster_is_as_good_as_chance() -> None:
    scores = chance_scores(np.array([[2, 1]]))
    assert scores["accuracy_chance"] == pytest.approx(2 / 3)
    assert scores["accuracy_adjusted"] == 0
