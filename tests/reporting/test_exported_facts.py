"""What the README of an exported model says of its training and its scores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from selavi.evaluation.scores import SCORES
from selavi.settings import RunSettings
from tests.reporting.exports import export, saved

Run = Callable[..., RunSettings]


def metrics(path: Path, head: str) -> Path:
    row = {"modality": "video+audio", "choice": "agreement", "head": head, "honest": True}
    pd.DataFrame([row | {"clips": 24} | dict.fromkeys(SCORES, 0.5)]).to_csv(path, index=False)
    return path


def test_metrics_of_another_model_are_refused(
    tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path / "model.pt", tiny_run(), {"head": 0})
    arguments = (tmp_path / "model.pt", tmp_path / "out", "safetensors", "--metrics")
    assert export(*arguments, str(metrics(tmp_path / "other.csv", "1"))) == 1
    assert "its selected head is 1, and the model's is 0" in capsys.readouterr().err
    assert export(*arguments, str(metrics(tmp_path / "own.csv", "0"))) == 0


@pytest.mark.parametrize(
    ("facts", "dataset"),
    [
        ({"version": "0.1.0", "weights": {"dataset": "kinetics"}}, "kinetics"),
        ({"version": "0.1.0", "weights": {}}, "a dataset that its file does not name"),
        ({"version": "released", "weights": {"source": "zoo:ave"}}, "AVE"),
        ({"version": "released"}, "a dataset that its file does not name"),
    ],
)
def test_the_dataset_is_that_of_the_training(
    tiny_run: Run, tmp_path: Path, facts: dict[str, Any], dataset: str
) -> None:
    """Not that of a run whose weights are given."""
    if "weights" in facts:
        given = {"source": "a.pt", "sha256": "0"} | facts["weights"]
        facts = facts | {"weights": given}
    saved(tmp_path / "model.pt", tiny_run(), facts | {"head": 0})
    assert export(tmp_path / "model.pt", tmp_path / "out", "safetensors") == 0
    text = (tmp_path / "out/README.md").read_text()
    assert f"clusters, trained on {dataset}\n" in text and f"| dataset | {dataset} |" in text
    assert ("| epochs | unknown |" in text) == (facts["version"] == "released")


@pytest.mark.parametrize(
    ("first", "released"),
    [
        ({"source": "zoo:ave"}, True),
        ({"source": "ave.pth", "released": True}, True),
        ({"source": "own.pt", "released": False}, False),
        ({"source": "own.pt"}, False),
    ],
)
def test_the_licence_of_first_weights(
    tiny_run: Run, tmp_path: Path, first: dict[str, Any], released: bool
) -> None:
    facts = {"version": "0.1.0", "head": 0, "init": {"video": first | {"sha256": "0"}}}
    saved(tmp_path / "model.pt", tiny_run(), facts)
    assert export(tmp_path / "model.pt", tmp_path / "out", "safetensors") == 0
    assert ("commercial" in (tmp_path / "out/README.md").read_text()) == released


@pytest.mark.parametrize(
    "facts", [{"init": [1]}, {"weights": {"source": 1}}, {"media": {"fps": ""}}]
)
def test_facts_of_another_form_are_refused(
    tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], facts: dict[str, Any]
) -> None:
    saved(tmp_path / "model.pt", tiny_run(), facts | {"head": 0})
    assert export(tmp_path / "model.pt", tmp_path / "out", "safetensors") == 1
    assert "holds facts of another form" in capsys.readouterr().err
