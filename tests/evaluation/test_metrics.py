import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.evaluation.baseline_kmeans import kmeans
from selavi.evaluation.metrics import clustering_scores, heads_by_modality, measure, score_heads
from selavi.files import UserError, read_csv, write_csv


def scores(classes: str, clusters: str) -> dict[str, float]:
    found = clustering_scores(np.array(list(classes)), np.array(list(clusters)))
    return {k: round(v, 6) for k, v in vars(found).items()}


def test_a_perfect_match_under_any_names() -> None:
    perfect = {"nmi": 1, "ami": 1, "ari": 1, "accuracy": 1, "entropy": 0, "purity": 1}
    assert scores("aabbcc", "221100") == perfect
    assert scores("aabbcc", "002211") == perfect


def test_by_hand() -> None:
    # Cluster x holds a a b, cluster y holds b: the matching x-a, y-b is right for 3 of 4.
    found = scores("aabb", "xxxy")
    assert found["accuracy"] == 0.75
    assert found["purity"] == round((2 / 3 + 1) / 2, 6)
    in_x = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    assert found["entropy"] == round(in_x / 2, 6)
    mutual = math.log(2) - 3 / 4 * in_x
    of_clusters = -(3 / 4 * math.log(3 / 4) + 1 / 4 * math.log(1 / 4))
    assert found["nmi"] == round(mutual / ((math.log(2) + of_clusters) / 2), 6)


def test_more_clusters_than_classes_and_fewer() -> None:
    assert scores("aabb", "wxyz")["accuracy"] == 0.5
    assert scores("abcd", "xxyy")["accuracy"] == 0.5
    assert scores("aabb", "xxxx") | {"ami": 0} == {
        "nmi": 0, "ami": 0, "ari": 0, "accuracy": 0.5, "purity": 0.5,
        "entropy": round(math.log(2), 6),
    }  # fmt: skip


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 classes for 0 clusters"):
        clustering_scores(np.array([]), np.array([]))


def assignments(labels: list[str], heads: list[list[int]], cluster: int = 0) -> pd.DataFrame:
    table = pd.DataFrame({"sample": range(len(labels)), "label": labels})
    for name in ("id", "key", "path"):
        table[name] = [f"{name}{i}" for i in range(len(labels))]
    table["cluster"], table["confidence"], table["head"] = heads[cluster], 0.5, cluster
    for modality in ("video+audio", "video"):
        for h, column in enumerate(heads):
            table[f"{modality}_head{h}"] = column
            table[f"{modality}_head{h}_confidence"] = 0.5
    return table


def test_heads_that_agree_on_these_clips_are_told_apart(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", assignments(list("aabb"), [[0, 0, 1, 1]] * 3, cluster=2))
    found = measure(tmp_path / "a.csv", tmp_path / "m.csv").set_index(["modality", "choice"])
    assert found.loc[("video+audio", "agreement"), "head"] == "2"


@pytest.mark.parametrize("head", [[0, 0, 1, 0], [2] * 4, [None] * 4, None])
def test_a_table_that_does_not_say_which_head_was_picked(
    tmp_path: Path, head: list[int] | None
) -> None:
    table = assignments(list("aabb"), [[0, 0, 1, 1], [0, 1, 0, 1]]).drop(columns="head")
    write_csv(tmp_path / "a.csv", table if head is None else table.assign(head=head))
    with pytest.raises(UserError, match="column `head` must name the same one of the 2 heads"):
        measure(tmp_path / "a.csv", tmp_path / "m.csv")


def test_honest_and_oracle_choices_stand_apart(tmp_path: Path) -> None:
    heads = [[0, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1]]
    write_csv(tmp_path / "a.csv", assignments(["x", "x", "y", "y"], heads, cluster=1))
    measure(tmp_path / "a.csv", tmp_path / "m.csv")
    table = read_csv(tmp_path / "m.csv", ("modality", "choice", "head"))
    both = table[table["modality"] == "video+audio"].set_index("choice")
    assert both.loc["agreement", "head"] == "1"  # as the assignments say, good or bad
    assert both.loc["agreement", "nmi"] == 0
    assert both.loc["oracle", ["head", "nmi"]].tolist() == ["2", 1.0]
    assert not both.loc["oracle", "honest"]
    assert both.drop("oracle")["honest"].all()
    assert both.loc["mean", "accuracy"] == pytest.approx((0.75 + 0.5 + 1) / 3, abs=1e-6)
    assert both.loc["first", "accuracy"] == 0.75
    assert (table["choice"] == "head").sum() == 6


def test_clips_without_a_class_are_left_out(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", assignments(["x", "y", "", "007"], [[0, 1, 1, 2]]))
    table = measure(tmp_path / "a.csv", tmp_path / "m.csv")
    assert set(table["clips"]) == {3}
    assert set(table["classes"]) == {3}
    assert set(table["nmi"]) == {1.0}


def test_no_classes_at_all_give_a_row_without_scores(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_csv(tmp_path / "a.csv", assignments(["", ""], [[0, 1]]))
    of = {"dataset": "mine", "split": "train"}
    measure(tmp_path / "a.csv", tmp_path / "m.csv", of)
    found = read_csv(tmp_path / "m.csv", ("modality", "choice", "head", "dataset", "split"))
    assert found[["clips", "classes", "dataset", "split"]].values.tolist() == [
        [0, 0, "mine", "train"]
    ]
    assert found[["nmi", "accuracy"]].isna().all(axis=None)
    assert "no clip has a class" in caplog.text


def test_columns_of_heads() -> None:
    table = assignments(["x"], [[0], [0]])
    assert heads_by_modality(table) == {
        "video+audio": ["video+audio_head0", "video+audio_head1"],
        "video": ["video_head0", "video_head1"],
    }


def test_clusters_and_classes_of_different_numbers_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_csv(tmp_path / "a.csv", assignments(["x", "x", "y", "y"], [[0, 1, 2, 2]]))
    with caplog.at_level("INFO", "selavi"):
        table = measure(tmp_path / "a.csv", tmp_path / "m.csv")
    assert "3 non-empty clusters for 2 classes: 1 clusters stay unmatched" in caplog.text
    row = table[table["choice"] == "agreement"].iloc[0]
    assert (row["clusters"], row["smallest"], row["largest"]) == (3, 1, 2)
    assert row["accuracy"] == 0.75


def test_one_cluster_is_scored(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", assignments(["x", "x", "y"], [[0, 0, 0]]))
    row = measure(tmp_path / "a.csv", tmp_path / "m.csv").iloc[0]
    assert (row["nmi"], row["ari"], row["clusters"]) == (0, 0, 1)
    assert row["accuracy"] == pytest.approx(2 / 3)


def test_only_the_honest_choice_has_intervals(tmp_path: Path) -> None:
    labels = [str(i % 3) for i in range(60)]
    heads = [[i % 3 if i < 40 else 0 for i in range(60)], [i % 2 for i in range(60)]]
    write_csv(tmp_path / "a.csv", assignments(labels, heads))
    table = measure(tmp_path / "a.csv", tmp_path / "m.csv")
    chosen = table[table["choice"] == "agreement"]
    assert (chosen["nmi_low"] < chosen["nmi"]).all()
    assert (chosen["nmi"] < chosen["nmi_high"]).all()
    assert table.loc[table["choice"] != "agreement", "nmi_low"].isna().all()


def test_kmeans_finds_what_is_plainly_there() -> None:
    random = np.random.default_rng(0)
    truth = np.repeat(np.arange(4), 50)
    points = np.eye(4)[truth] * 10 + random.normal(size=(200, 4))
    assert clustering_scores(truth, kmeans(points, 4, seed=0)).nmi == 1


def test_chance_is_said_for_this_number_of_clips(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    labels = [str(i % 4) for i in range(40)]
    heads = [[i % 4 if i < 30 else 0 for i in range(40)]] * 2
    write_csv(tmp_path / "a.csv", assignments(labels, heads))
    with caplog.at_level("INFO", "selavi"):
        table = measure(tmp_path / "a.csv", tmp_path / "m.csv")
    row = table[table["choice"] == "agreement"].iloc[0]
    assert 0 < row["nmi_chance"] < row["nmi"]
    assert row["ami"] < row["nmi"]
    assert 0.25 < row["accuracy_chance"] < row["accuracy"]
    assert f"NMI {row['nmi']:.3f} (chance {row['nmi_chance']:.3f}" in caplog.text
    assert "chance for 40 clips, 4 clusters and 4 classes" in caplog.text
    assert table.loc[table["choice"] != "agreement", "nmi_chance"].isna().all()


def test_means_are_of_heads_with_as_many_clusters() -> None:
    classes = np.array([0, 1] * 10)
    heads = np.stack([np.zeros(20, int), classes, 1 - classes], 1)
    rows = score_heads({"video": heads}, classes, selected=2, counts=[4, 2, 2])
    rows = rows.set_index("choice")
    assert rows.loc["mean", "nmi"] == 1 and rows.loc["first", "head"] == "1"
