"""Ways to compute the same faster: each trains to the same loss."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from selavi.batch import Batch
from selavi.engine.process_group import Group
from selavi.files import UserError
from selavi.models.network import Network
from selavi.settings import NetworkSettings, RunSettings, TrainingSettings
from selavi.training.optim import clips_per_step, learning_rate
from selavi.training.step import Learner, require_compiler
from tests.training.runs import train

Run = Callable[..., RunSettings]


@pytest.fixture(scope="module")
def losses(tiny_run: Run, train_index: Path, tmp_path_factory: pytest.TempPathFactory):
    """The losses of four steps, whatever the options; labels stay those of the start."""

    def measure(**options: object) -> list[float]:
        settings = tiny_run(
            network={"dropout": 0.0},
            labelling={"optimisations": 1},
            # The rate is low: rounding grows tenfold in a few steps of a fresh network.
            training={"epochs": 4, "batch_size": 24, "warmup_epochs": 0, "base_lr": 1e-4},
            machine=options,
        )
        output = tmp_path_factory.mktemp("options")
        train(settings, train_index, output)
        return pd.read_csv(output / "log.csv")["loss"].tolist()

    return measure


@pytest.fixture(scope="module")
def plain(losses: Callable[..., list[float]]) -> list[float]:
    return losses(channels_last=False)


@pytest.mark.slow
def test_channels_last(losses: Callable[..., list[float]], plain: list[float]) -> None:
    found = losses(channels_last=True)
    assert found[0] == pytest.approx(plain[0], abs=1e-5)
    assert found == pytest.approx(plain, abs=2e-3)


@pytest.mark.slow
def test_bfloat16(losses: Callable[..., list[float]], plain: list[float]) -> None:
    rounded = losses(precision="bfloat16")
    assert rounded == pytest.approx(plain, abs=0.05)
    assert rounded != pytest.approx(plain, abs=1e-5)  # it was not float32 in disguise


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which(os.environ.get("CXX", "g++")) is None,
    reason="torch.compile needs a C++ compiler on the PATH",
)
def test_compiled() -> None:
    """One encoder alone: compiling every kernel of a run takes minutes."""
    plain, compiled = (three_steps(compiled) for compiled in (False, True))
    assert plain[-1] < plain[0]
    assert compiled == pytest.approx(plain, abs=1e-4)


def three_steps(compiled: bool) -> list[float]:
    torch.manual_seed(0)
    small = NetworkSettings(
        audio_encoder="resnet_narrow", clusters=4, heads=1, head="linear", hidden=8
    )
    network = Network(small, ["audio"], channels=1).train()
    learner = Learner(network, Group(0, 1, torch.device("cpu")), compiled)
    optimizer = torch.optim.SGD(network.parameters(), 0.02)
    batch = Batch(torch.arange(8), torch.empty(8, 0), torch.randn(8, 1, 16, 32))
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        learnt, _ = learner.gradients(
            batch, torch.arange(8)[:, None] % 4, 1.0, last=True, bfloat16=False
        )
        optimizer.step()
        losses.append(float(learnt.losses["audio"]))
    return losses


def test_a_compiler_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UserError, match="'no-such-compiler' is not on the PATH"):
        require_compiler(torch.device("cpu"))


def test_rate_of_the_paper() -> None:
    settings = TrainingSettings()
    step_clips = clips_per_step(settings, world=64)
    assert step_clips == 1024
    # 0.01 x ((64 - 1) e / 10 + 1) at the start of epoch e, then 0.64.
    for epoch in range(10):
        expected = 0.01 * (63 * epoch / 10 + 1)
        assert learning_rate(settings, epoch, step_clips) == pytest.approx(expected)
    assert learning_rate(settings, 10, step_clips) == pytest.approx(0.64)
    assert learning_rate(settings, 199.9, step_clips) == pytest.approx(0.64)


@pytest.mark.parametrize(
    ("world", "batch_size", "accumulation"), [(64, 16, 1), (16, 16, 4), (8, 64, 2), (1, 32, 32)]
)
def test_the_rate_follows_the_effective_batch(
    world: int, batch_size: int, accumulation: int
) -> None:
    settings = TrainingSettings(batch_size=batch_size, accumulation=accumulation)
    assert clips_per_step(settings, world) == 1024
    assert learning_rate(settings, 12, clips_per_step(settings, world)) == pytest.approx(0.64)


@pytest.mark.parametrize("batch_size", [2, 4, 16, 48])
def test_the_rate_is_never_nought_and_never_falls(batch_size: int) -> None:
    settings = TrainingSettings(batch_size=batch_size)
    rates = [learning_rate(settings, e / 4, batch_size) for e in range(60)]
    assert min(rates) > 0
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(0.01 * batch_size / 16)
