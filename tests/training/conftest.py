"""Runs that several tests compare with, made once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.settings import RunSettings
from tests.training import runs

Run = Callable[..., RunSettings]


@pytest.fixture(scope="session")
def settings(tiny_run: Run) -> RunSettings:
    """Saved at every step; labels from a pass of their own, as the paper has it."""
    return tiny_run(
        labelling={"source": "pass"}, training={"epochs": 4}, machine={"checkpoint_minutes": 0.0}
    )


@pytest.fixture(scope="session")
def undisturbed(
    settings: RunSettings, train_index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    output = tmp_path_factory.mktemp("undisturbed")
    runs.train(settings, train_index, output)
    return output


@pytest.fixture(scope="session")
def pair_settings(tiny_run: Run) -> RunSettings:
    """For two processes; features are kept while training, and deal anew is tested by them."""
    return tiny_run(training={"epochs": 3, "batch_size": 3}, machine={"checkpoint_minutes": 0.0})


@pytest.fixture(scope="session")
def undisturbed_pair(
    pair_settings: RunSettings, train_index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    output = tmp_path_factory.mktemp("pair")
    runs.train(pair_settings, train_index, output, world=2)
    return output
