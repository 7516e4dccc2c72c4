"""Training that starts from the weights of a file (`network.init`)."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from selavi.data.schema import read_index
from selavi.models.checkpoint import build_network, load_model, save_model
from selavi.settings import RunSettings
from selavi.training.resume import fingerprint
from tests.training.runs import same_result, train, wait, words
from tests.training.runs import start as begin

Run = Callable[..., RunSettings]


@pytest.fixture
def weights(tiny_run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "earlier/model.pt"
    torch.manual_seed(9)
    save_model(path, build_network(tiny_run()), tiny_run(), {"head": 0})
    return path


def frozen(tiny_run: Run, weights: Path) -> RunSettings:
    """A run whose learning rate leaves every parameter as it is."""
    return tiny_run(
        network={"init": str(weights), "dropout": 0.0},
        training={"epochs": 1, "base_lr": 1e-30, "warmup_epochs": 0, "weight_decay": 0.0},
        machine={"checkpoint_minutes": 0.0},
    )


@pytest.mark.slow
def test_it_starts_from_the_file_and_says_so(
    tiny_run: Run, train_index: Path, weights: Path, tmp_path: Path
) -> None:
    first = load_model(weights)[0]
    train(frozen(tiny_run, weights), train_index, tmp_path / "run")
    network, _, facts = load_model(tmp_path / "run/model.pt")
    for name, parameter in network.encoders.named_parameters():
        assert torch.allclose(parameter, first.encoders.get_parameter(name), rtol=0, atol=1e-25)
    assert facts["init"].keys() == {"video", "audio"}
    assert facts["init"]["audio"]["source"] == str(weights)
    assert len(facts["init"]["audio"]["sha256"]) == 64
    assert "the audio encoder starts from" in words(tmp_path / "run")


@pytest.mark.slow
def test_two_processes_start_from_the_weights_of_the_first(
    tiny_run: Run, train_index: Path, weights: Path, tmp_path: Path
) -> None:
    train(frozen(tiny_run, weights), train_index, tmp_path / "run", world=2)
    network, first = (load_model(p)[0] for p in (tmp_path / "run/model.pt", weights))
    for name, parameter in network.encoders.named_parameters():
        assert torch.allclose(parameter, first.encoders.get_parameter(name), rtol=0, atol=1e-25)


@pytest.mark.slow
def test_a_file_that_is_not_there_ends_both_processes(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    settings = tiny_run(network={"init": "absent.pt"})
    assert wait(begin(settings, train_index, tmp_path, world=2)) == [1, 1]
    assert "absent.pt is not a file; correct network.init" in words(tmp_path)
    assert "rank 0 cannot load the weights of network.init" in words(tmp_path)


@pytest.mark.slow
def test_a_killed_run_resumes_and_other_weights_start_afresh(
    tiny_run: Run, train_index: Path, weights: Path, tmp_path: Path
) -> None:
    settings = tiny_run(network={"init": str(weights)}, machine={"checkpoint_minutes": 0.0})
    train(settings, train_index, tmp_path / "whole")
    killed = begin(settings, train_index, tmp_path / "run", kill_at=("torch.optim:SGD.step", 7))
    assert wait(killed) == [-9]
    moved = weights.rename(tmp_path / "moved.pt")  # the content identifies the run
    settings = tiny_run(network={"init": str(moved)}, machine={"checkpoint_minutes": 0.0})
    train(settings, train_index, tmp_path / "run")
    assert "resuming from epoch" in words(tmp_path / "run")
    same_result(tmp_path / "run", tmp_path / "whole")
    torch.manual_seed(3)
    save_model(moved, build_network(settings), settings, {"head": 0})
    train(settings, train_index, tmp_path / "run")
    assert (tmp_path / "run/state.earlier").is_dir()
    losses = [pd.read_csv(tmp_path / p / "log.csv")["loss"].iloc[-1] for p in ("run", "whole")]
    assert losses[0] != losses[1]


def test_the_content_of_the_weights_identifies_a_run(tiny_run: Run, train_index: Path) -> None:
    table = read_index(train_index)
    plain, one = tiny_run(), tiny_run(network={"init": "a.pt"})
    assert fingerprint(plain, table) == fingerprint(one, table, {})
    assert fingerprint(one, table, {"video": "0f"}) != fingerprint(plain, table)
    assert fingerprint(one, table, {"video": "0f"}) != fingerprint(one, table, {"audio": "0f"})
