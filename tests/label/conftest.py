"""A model to label with."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def label_model(make_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model of both modalities, 4 clusters."""
    return make_model(tmp_path_factory.mktemp("label-model") / "model.pt")
