"""What other stages say of a run, as the page has it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.evaluation.metrics import measure
from selavi.files import UserError, write_csv
from selavi.reporting.explorer.agreeing import agreements
from selavi.reporting.explorer.insight import Insight, model_facts
from selavi.reporting.explorer.views import View


def written(folder: Path, name: str, rows: list[dict[str, object]]) -> Path:
    path = folder / f"{name}.csv"
    write_csv(path, pd.DataFrame(rows))
    return path


def test_nothing_is_said_without_files() -> None:
    assert Insight().facts() == {}


def test_scores_are_of_the_honest_and_the_oracle_head(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"modality": "audio", "choice": choice, "head": head, "nmi": nmi, "nmi_low": low}
        for choice, head, nmi, low in (
            ("first", "0", 0.1, None), ("agreement", "1", 0.25, 0.2), ("oracle", "2", 0.4, None),
            ("head", "0", 0.1, None),
        )
    ]  # fmt: skip
    assert Insight(metrics=[written(tmp_path, "metrics", rows)]).facts() == {
        "scores": [
            {"modality": "audio", "choice": "agreement", "head": "1", "nmi": 0.25, "nmi_low": 0.2},
            {"modality": "audio", "choice": "oracle", "head": "2", "nmi": 0.4},
            {"modality": "audio", "choice": "head", "head": "0", "nmi": 0.1},
        ]
    }


def test_of_baselines_the_chosen_rows_and_those_without_a_choice_are_shown(tmp_path: Path) -> None:
    keys = ("method", "modality", "nmi", "preparation", "choice")
    rows: list[dict[str, object]] = [
        dict(zip(keys, values, strict=True))
        for values in (
            ("chance", "none", 0.02, "", ""),
            ("k-means raw", "video", 0.3, "standardise", "oracle"),
            ("k-means raw", "video", 0.2, "l2_pca", ""),
            ("k-means raw", "video", 0.25, "standardise_pca", "agreement"),
        )
    ]  # fmt: skip
    found = Insight(baselines=[written(tmp_path, "baselines", rows)]).facts()["baselines"]
    assert [(row["method"], row["nmi"], row.get("choice")) for row in found] == [
        ("chance", 0.02, None), ("k-means raw", 0.3, "oracle"), ("k-means raw", 0.25, "agreement")
    ]  # fmt: skip


def test_scores_after_corrections_are_those_of_the_person(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"by": "model", "honest": True, "changed": 0, "nmi": 0.5, "accuracy": 0.6, "clips": 9},
        {"by": "person", "honest": False, "changed": 2, "nmi": 0.7, "accuracy": None, "clips": 9},
    ]
    unknown: list[dict[str, object]] = [{"by": "person", "changed": 0, "nmi": None}]
    files = [written(tmp_path, "train", rows), written(tmp_path, "test", unknown)]
    assert Insight(corrected=files).facts() == {
        "corrected": [{"split": "train", "changed": 2, "nmi": 0.7, "clips": 9}]
    }


def test_no_label_changes_in_epochs_without_an_update(tmp_path: Path) -> None:
    log = written(
        tmp_path, "log",
        [{"epoch": 1, "loss": 2.5, "relabellings": 2, "labels_changed": 0.25},
         {"epoch": 2, "loss": 1.5, "relabellings": 1, "labels_changed": 0.0},
         {"epoch": 3, "loss": 0.5, "relabellings": 0, "labels_changed": 0.0}],
    )  # fmt: skip
    curves = Insight(training_log=log).facts()["curves"]
    assert curves["labels_changed"] == [0.25, 0.0, None]


def test_curves_have_gaps_where_nothing_was_measured(tmp_path: Path) -> None:
    log = written(
        tmp_path, "log",
        [{"epoch": 1, "loss": 2.5, "labels_changed": None, "x": 1},
         {"epoch": 2, "loss": float("inf"), "labels_changed": 0.25, "x": 1}],
    )  # fmt: skip
    assert Insight(training_log=log).facts() == {
        "curves": {"epoch": [1, 2], "loss": [2.5, None], "labels_changed": [None, 0.25]}
    }


def test_prescribed_sizes_are_by_cluster(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"head": 1, "rank": rank, "cluster": cluster, "prescribed": drawn, "name": ""}
        for rank, (cluster, drawn) in enumerate([(2, 5.5), (0, 3.0), (1, 1.5)])
    ]
    assert Insight(distributions=written(tmp_path, "sizes", rows)).facts() == {
        "prescribed": {"1": [3.0, 1.5, 5.5]}
    }


def test_levels_are_by_number_of_clusters(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"clusters": 16, "head": 2, "agreement": 0.5, "nmi": None, "selected": False},
        {"clusters": 8, "head": 0, "agreement": 0.75, "nmi": None, "selected": True},
    ]
    assert Insight(levels=written(tmp_path, "levels", rows)).facts()["levels"] == [
        {"clusters": 8, "head": 0, "agreement": 0.75, "selected": True},
        {"clusters": 16, "head": 2, "agreement": 0.5, "selected": False},
    ]


def test_a_file_that_lacks_a_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "metrics", [{"modality": "audio"}])
    with pytest.raises(UserError, match=r"metrics\.csv"):
        Insight(metrics=[path]).facts()


def view(clusters: int, assigned: list[int], modality: str = "video+audio", head: int = 0) -> View:
    return View(modality, head, clusters, np.array(assigned, np.int16), None)


def test_the_stages_own_files_are_read_of_each_split(tmp_path: Path) -> None:
    """Two splits, of which one has no classes and so no scores."""
    rows = np.arange(80)
    table = pd.DataFrame({"sample": rows, "id": [f"{row:016x}" for row in rows], "detail": ""})
    table["key"] = table["path"] = table["id"]
    table["cluster"] = table["video+audio_head0"] = rows % 4
    table["video+audio_head1"], table["head"] = rows % 3, 0
    for split, labels in {"train": np.where(rows % 4 < 2, "a", "b"), "test": ""}.items():
        write_csv(tmp_path / "assigned.csv", table.assign(label=labels))
        of = {"dataset": "007", "split": split}
        measure(tmp_path / "assigned.csv", tmp_path / f"{split}.csv", of)
    files = [tmp_path / f"{split}.csv" for split in ("train", "test")]
    scores = Insight(metrics=files).facts()["scores"]
    assert {row["split"] for row in scores} == {"train"}
    honest = next(row for row in scores if row["choice"] == "agreement")
    assert honest["clips"] == 80 and honest["accuracy"] == 0.5
    assert honest["nmi_low"] <= honest["nmi"] <= honest["nmi_high"]
    assert 0 < honest["nmi_chance"] < 0.2
    assert [row["head"] for row in scores if row["choice"] == "head"] == ["0", "1"]


def test_heads_agree_as_far_as_their_clusters_are_the_same_and_not_by_chance() -> None:
    joint, same = [0, 0, 1, 1] * 500, [1, 1, 0, 0] * 500
    views = [
        view(2, joint), view(2, same, head=1), view(3, joint, head=2),
        view(2, joint, "video"), view(2, joint, "audio"),
    ]  # fmt: skip
    facts = agreements(views, 0)
    assert facts["heads"] == [{"view": 0, "nmi": 1}, {"view": 1, "nmi": 1}]
    # Two clusters of equal sizes are the same for half of the clips, give or take 2%.
    assert facts["chance"] == pytest.approx(0.5, abs=0.06)


def test_clips_without_a_modality_are_no_agreement_by_it() -> None:
    """Of the clips with audio, the heads group no two alike."""
    joint = [0, 1] * 6
    audio = [[-1] * 8 + [0, 0, 1, 1], [-1] * 8 + [0, 1, 0, 1]]
    views = [view(2, joint), *(view(2, one, "audio", n) for n, one in enumerate(audio))]
    assert agreements(views, 0)["heads"] == [{"view": 1, "nmi": 0}, {"view": 2, "nmi": 0}]
    mute = [view(2, joint), *(view(2, [-1] * 12, "audio", n) for n in range(2))]
    assert agreements(mute, 0)["heads"] == []


def test_a_single_head_has_nothing_to_agree_with() -> None:
    assert agreements([view(2, [0, 1])], 0) == {"heads": []}


def test_a_model_says_how_far_its_heads_agree(tmp_path: Path) -> None:
    facts = {"head": 1, "agreement": [0.5, 0.87654], "clips": 91, "sizes": [[1.0]]}
    assert model_facts(facts, tmp_path / "none.csv") == {
        "model": {"clips": 91, "agreement": 0.8765}
    }
    log = written(tmp_path, "log", [{"epoch": 1, "loss": 2.5}])
    assert model_facts({}, log) == {"curves": {"epoch": [1], "loss": [2.5]}}


@pytest.mark.parametrize("agreement", ["high", [0.5], [1.0, float("nan")], [0.1, 7.0], [0.2, "x"]])
def test_of_anothers_model_only_what_makes_sense_is_shown(agreement: object) -> None:
    assert model_facts({"head": 1, "agreement": agreement}) == {}


def test_baselines_of_which_none_could_be_tried_have_no_scores(tmp_path: Path) -> None:
    row: dict[str, object] = {"method": "k-means raw", "modality": "video", "note": "too few clips"}
    path = written(tmp_path, "baselines", [row])
    assert Insight(baselines=[path]).facts() == {}
