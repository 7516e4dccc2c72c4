"""A network with its first weights, as a trained run leaves it on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def model(make_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of both modalities."""
    return make_model(tmp_path_factory.mktemp("model") / "model.pt")
