"""The stage correct: tables of splits, and the scores of both."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from selavi.cli import main
from selavi.data.manifest import id_of
from selavi.evaluation.metrics import clustering_scores
from selavi.files import read_csv, write_csv
from selavi.label.correct import scores_of_both
from selavi.label.corrections import Corrected

CLASSES = np.array(["a", "a", "a", "b", "b", "", "b"])
MODEL = [0, 0, 1, 1, 1, 1, -1]


def assignments(path: Path, **further: object) -> list[str]:
    keys = [f"{n}.mp4" for n in range(7)]
    ids = [id_of(key) for key in keys]
    table = pd.DataFrame({"sample": range(7), "id": ids, "key": keys, "path": keys})
    table["label"], table["detail"], table["cluster"] = CLASSES, "", MODEL
    table["confidence"], table["margin"], table["head"] = 0.9, 0.5, 2
    write_csv(path, table.assign(**further))
    return ids


def written(folder: Path, **parts: Any) -> Path:
    head = {"format": "selavi corrections 1", "title": "", "head": 2, "clusters": 3}
    path = folder / "corrections.json"
    path.write_text(json.dumps(head | parts))
    return path


def test_a_split_is_corrected_and_scored(tmp_path: Path) -> None:
    ids = assignments(tmp_path / "train.csv")
    assignments(tmp_path / "test.csv")  # its clips have the same ids, and are others
    file = written(
        tmp_path,
        names=[{"cluster": 2, "name": "b"}],
        moved=[{"clip": ids[2], "from": 1, "to": 0}, {"clip": ids[5], "from": 1, "to": None}],
        tags=[{"clip": ids[6], "tags": ["broken"]}],
        merged=[{"from": 1, "into": 2}],
    )
    names = tmp_path / "names.csv"
    names.write_text("head,cluster,name\n2,0,as\n2,2,other\n")
    tables = [str(tmp_path / "train.csv"), str(tmp_path / "test.csv")]
    for split, name in enumerate(("train", "test")):
        command = ["correct", "--assignments", *tables, "--split", str(split), "--clusters", "3"]
        command += ["--corrections", str(file), "--output", str(tmp_path / f"{name}-out.csv")]
        command += ["--scores", str(tmp_path / f"{name}-scores.csv"), "--names", str(names)]
        assert main(command) == 0
    table = read_csv(tmp_path / "train-out.csv", ("name", "by", "tags"))
    assert table["cluster"].tolist() == [0, 0, 0, 2, 2, -1, -1]
    assert table["model_cluster"].tolist() == MODEL
    assert table["by"].tolist() == ["model", "model", *["person"] * 4, ""]
    assert table["name"].tolist() == ["as", "as", "as", "b", "b", "", ""]
    assert table["tags"].tolist() == [""] * 6 + ["broken"]
    assert set(table["head"]) == {2}
    other = read_csv(tmp_path / "test-out.csv", ("name", "by", "tags"))
    assert other["cluster"].tolist() == [0, 0, 2, 2, 2, 2, -1]  # merged, and no clip moved
    scores = pd.read_csv(tmp_path / "train-scores.csv").set_index("by")
    assert scores["honest"].to_dict() == {"model": True, "person": False}
    assert scores["clips"].tolist() == [5, 5] and scores["classes"].tolist() == [2, 2]
    assert scores["changed"].tolist() == [0, 3]
    assert scores.loc["person", "nmi"] == scores.loc["person", "accuracy"] == 1
    expected = clustering_scores(CLASSES[:5], np.array(MODEL[:5]))
    assert scores.loc["model", "nmi"] == pytest.approx(expected.nmi)


def test_clusters_are_counted_as_the_page_does(tmp_path: Path) -> None:
    """The page has five, as another head has: new ones begin there."""
    ids = assignments(tmp_path / "train.csv", **{"video+audio_head0": [0, 1, 2, 3, 4, 0, -1]})
    file = written(
        tmp_path, clusters=5, new=[{"cluster": 6, "from": 0}],
        moved=[{"clip": ids[0], "from": 0, "to": 6}, {"clip": ids[1], "from": 0, "to": 4}],
        members=[{"cluster": 0, "clips": ids[:2]}],
    )  # fmt: skip
    command = ["correct", "--assignments", str(tmp_path / "train.csv"), "--corrections", str(file)]
    assert main([*command, "--output", str(tmp_path / "out.csv")]) == 0
    assert pd.read_csv(tmp_path / "out.csv")["cluster"].tolist() == [6, 4, 1, 1, 1, 1, -1]


def test_taking_clips_out_improves_no_score_by_itself() -> None:
    classes = np.array(list("aaabbb"))
    model = pd.Series([0, 0, 1, 1, 1, 1])
    only_right = Corrected(np.array([0, 0, -1, -1, -1, -1]), np.array([]), np.array([]))
    rows = scores_of_both(classes, model, only_right).set_index("by")
    assert rows.loc["person", "accuracy"] == rows.loc["model", "accuracy"]


def test_without_classes_there_are_no_scores() -> None:
    model = pd.Series([0, 1])
    same = Corrected(model.to_numpy(), np.array([]), np.array([]))
    rows = scores_of_both(np.array(["", ""]), model, same)
    assert rows["clips"].tolist() == [0, 0] and rows["nmi"].isna().all()


def test_a_place_that_is_not_there_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assignments(tmp_path / "train.csv")
    command = ["correct", "--assignments", str(tmp_path / "train.csv"), "--split", "1"]
    command += ["--corrections", str(written(tmp_path)), "--output", str(tmp_path / "out.csv")]
    assert main(command) == 1
    assert "--split is 1, and there are 1 files" in capsys.readouterr().err
