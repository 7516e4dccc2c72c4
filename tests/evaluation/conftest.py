"""A network with its first weights, as a trained run leaves it on disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from selavi.models.checkpoint import build_network, save_model
from selavi.settings import RunSettings


@pytest.fixture(scope="session")
def make_model(tiny_run: Callable[..., RunSettings]) -> Callable[..., Path]:
    """Save an untrained model of a tiny run; keyword arguments override its settings.

    Its last head is the best: a stage that takes the first whatever the file says is told.
    """

    def make(path: Path, **sections: Any) -> Path:
        settings = tiny_run(**sections)
        torch.manual_seed(3)
        save_model(path, build_network(settings), settings, {"head": settings.network.heads - 1})
        return path

    return make


@pytest.fixture(scope="session")
def model(make_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of both modalities."""
    return make_model(tmp_path_factory.mktemp("model") / "model.pt")
