"""Assignments that say little are said to."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from selavi.evaluation.assign import assign
from selavi.models.checkpoint import load_model, save_model


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
    assert "one cluster has 100% of the clips. Such clusters say little" in caplog.text
