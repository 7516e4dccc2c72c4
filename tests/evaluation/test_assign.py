"""The columns of the assignments, and the warning of a collapse."""

import logging
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from selavi.data.schema import read_index
from selavi.evaluation.assign import assign
from selavi.evaluation.metrics import measure
from selavi.files import UserError, read_csv, write_csv
from selavi.models.checkpoint import load_model, save_model
from selavi.reporting.explorer.build import make_explorer
from tests.reporting.pages import stored_ids


def test_one_cluster_for_nearly_all_clips(
    make_model: Callable[..., Path], train_index: Path, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """A network whose outputs do not depend on the clip."""
    network, settings, facts = load_model(make_model(tmp_path / "model.pt"))
    with torch.no_grad():
        for weights in network.heads.parameters():
            weights.zero_()
    save_model(tmp_path / "model.pt", network, settings, facts)
    with caplog.at_level(logging.INFO):
        assign(tmp_path / "model.pt", train_index, tmp_path / "a.csv", tmp_path / "a.pkl")
    assert "24 clips in 1 clusters" in caplog.text
    assert "one cluster has 100% of the clips. The clusters carry little information" in caplog.text


@pytest.mark.slow
def test_columns_of_the_users_table_stand_beside_the_label(
    model: Path, train_index: Path, tmp_path: Path
) -> None:
    rows = read_index(train_index)
    own = {"id_table": ["007", "NA", *["=1+1"] * 22], "x_head0_table": ["-", "1.5", *["'"] * 22]}
    index = train_index.parent / "own.csv"
    write_csv(index, rows.assign(**own))
    assign(model, index, tmp_path / "a.csv", tmp_path / "a.pkl")
    numbers = ("sample", "cluster", "confidence", "margin", "head")
    table = read_csv(tmp_path / "a.csv", numbers=numbers)
    names = [
        "sample",
        "id",
        "key",
        "path",
        "label",
        "id_table",
        "x_head0_table",
        "detail",
        "cluster",
    ]
    assert table.columns[:9].tolist() == names
    clips = pickle.loads((tmp_path / "a.pkl").read_bytes())["clips"]  # our own, just written
    for found in (table, clips):
        assert {name: found[name].tolist() for name in own} == own
    measure(tmp_path / "a.csv", tmp_path / "metrics.csv")
    assert read_csv(tmp_path / "metrics.csv", ("head",))["clips"].eq(24).all()
    make_explorer([(tmp_path / "a.csv", index)], tmp_path / "page/index.html", title="page")
    clips_shown = list((tmp_path / "page/clips").glob("*.mp4"))
    assert {p.stem for p in clips_shown} == stored_ids(tmp_path / "page/index.html")
    assert {p.stem for p in clips_shown} <= set(table["id"])


def test_clips_of_another_sample_rate_are_refused(
    model: Path, train_index: Path, tmp_path: Path
) -> None:
    network, settings, facts = load_model(model)
    other = facts | {"media": {"audio_rate": 24_001}}
    save_model(tmp_path / "model.pt", network, settings, other)
    with pytest.raises(UserError, match="was trained on audio of 24001 Hz, and the clips of"):
        assign(tmp_path / "model.pt", train_index, tmp_path / "a.csv", tmp_path / "a.pkl")
