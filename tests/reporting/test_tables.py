from pathlib import Path

import pandas as pd
import pytest

from selavi.files import UserError, read_csv, write_csv
from selavi.reporting.figures import training_figure
from selavi.reporting.tables import clustering_table

SCORES = {"ami": 0.1, "ari": 0.1, "accuracy": 0.1, "entropy": 0.1, "purity": 0.1}


def results(folder: Path) -> Path:
    rows = [
        {
            "modality": modality,
            "choice": choice,
            "head": "0",
            "honest": choice != "oracle",
            "nmi": nmi,
        }
        | SCORES
        for modality in ("video+audio", "video")
        for choice, nmi in (("first", 0.2), ("agreement", 0.5), ("oracle", 0.9), ("head", 0.2))
    ]
    write_csv(folder / "metrics" / "one" / "train.csv", pd.DataFrame(rows))
    chance = pd.DataFrame([{"method": "chance", "modality": "none", "nmi": 0.01} | SCORES])
    write_csv(folder / "baselines" / "one" / "train.csv", chance)
    return folder


def test_the_honest_row_comes_first_and_the_oracle_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "tables" / "clustering.csv"
    clustering_table(results(tmp_path), None, output)
    table = read_csv(output, ("run", "split", "method", "modality", "figure"))
    assert table["method"].tolist()[:2] == ["SeLaVi", "SeLaVi"]
    assert table["modality"].tolist()[:2] == ["video+audio", "video"]
    oracle = table[table["figure"] == "oracle"]
    assert oracle["nmi"].tolist() == [0.9]
    assert "chance" in table["method"].tolist()
    printed = capsys.readouterr().out
    assert "oracle: best head" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed
    assert "| one | train | SeLaVi | video+audio | honest | 0.500 |" in (
        output.with_suffix(".md").read_text()
    )


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no metrics of"):
        clustering_table(tmp_path, ["absent"], tmp_path / "t.csv")


def test_the_figure_is_the_same_bytes_again(tmp_path: Path) -> None:
    log = {
        "epoch": [1, 2], "learning_rate": [0.1, 0.1], "loss": [2.0, 1.0], "loss_video": [2.0, 1.0],
        "relabellings": [1, 0], "labels_changed": [0.5, 0.0], "clips_per_second": [10.0, 11.0],
    }  # fmt: skip
    write_csv(tmp_path / "log.csv", pd.DataFrame(log))
    labels = pd.DataFrame({"sample": [0, 1], "id": "x", "key": "y", "head0": [0, 1]})
    write_csv(tmp_path / "labels.csv", labels)
    for name in ("a.svg", "b.svg"):
        training_figure(tmp_path / "log.csv", tmp_path / "labels.csv", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
