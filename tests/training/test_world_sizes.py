"""One process and two give the same, where they see the same clips in a step."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from selavi.batch import Batch
from selavi.engine.process_group import Group
from selavi.models.network import Network
from selavi.settings import NetworkSettings, RunSettings
from selavi.training.loss import heads_loss
from selavi.training.step import Learner
from tests.ports import free_port
from tests.training.runs import (
    SERVER,
    WORLDS,
    same_but_for_rounding,
    start,
    train,
    wait,
    words,
)

Run = Callable[..., RunSettings]


def one_step_an_epoch(tiny_run: Run, source: str, **training: object) -> RunSettings:
    """All 24 clips in a step, so that the log has a row per step; see `WORLDS`."""
    return tiny_run(
        modalities=WORLDS["modalities"],
        network=WORLDS["network"],
        labelling=WORLDS["labelling"] | {"source": source},
        training=WORLDS["training"] | training,
    )


@pytest.mark.slow
@pytest.mark.parametrize("source", ["pass", "epoch"])
def test_one_process_two_processes_and_a_change_midway(
    tiny_run: Run, train_index: Path, tmp_path: Path, source: str
) -> None:
    one, two, both = (tmp_path / name for name in ("one", "two", "both"))
    whole = one_step_an_epoch(tiny_run, source, batch_size=24)
    half = one_step_an_epoch(tiny_run, source, batch_size=12)
    train(whole, train_index, one)
    train(half, train_index, two, world=2)
    same_but_for_rounding(one, two)
    wait(start(half, train_index, both, world=2, kill_at=("torch.optim:SGD.step", 9)))
    train(whole, train_index, both)
    assert "saved by 2 processes, resuming with 1" in words(both)
    assert "resuming from epoch 9, step 1" in words(both)
    same_but_for_rounding(one, both)


@pytest.mark.slow
def test_accumulated_batches_are_those_of_more_processes(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    """Rates, steps and clips are the same; only batch norm sees 12 clips in place of 24."""
    one, two = tmp_path / "one", tmp_path / "two"
    train(one_step_an_epoch(tiny_run, "epoch", batch_size=12, accumulation=2), train_index, one)
    train(one_step_an_epoch(tiny_run, "epoch", batch_size=12), train_index, two, world=2)
    logs = [pd.read_csv(p / "log.csv") for p in (one, two)]
    assert logs[0]["learning_rate"].equals(logs[1]["learning_rate"])
    assert logs[0]["epoch"].equals(logs[1]["epoch"])
    assert (logs[0]["loss"] - logs[1]["loss"]).abs().iloc[0] < 0.1


def _small_network() -> Network:
    torch.manual_seed(0)
    small = NetworkSettings(audio_encoder="resnet_narrow", clusters=4, heads=2, dropout=0.0)
    return Network(small, ["audio"], channels=1).train()


def _sounds(clips: Tensor) -> tuple[Batch, Tensor]:
    """Sounds by number, and the labels of both heads."""
    sounds = torch.randn(16, 1, 16, 32, generator=torch.Generator().manual_seed(1))
    batch = Batch(clips, torch.empty(len(clips), 0), sounds[clips])
    return batch, torch.stack([clips % 4, clips // 4], 1)


def _accumulate_apart(rank: int, port: int, path: Path) -> None:
    """One of two ranks: its halves of two batches of eight clips."""
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    learner = Learner(_small_network(), Group(rank, 2, torch.device("cpu")), compiled=False)
    for eight, last in zip(torch.arange(16).split(8), (False, True), strict=True):
        learner.gradients(*_sounds(eight.split(4)[rank]), 1 / 2, last=last, bfloat16=False)
    torch.save([p.grad for p in learner.network.parameters()], path / f"{rank}.pt")
    dist.destroy_process_group()


def test_gradients_of_two_batches_of_two_processes(tmp_path: Path) -> None:
    """Those of the mean loss; batch norm counts the eight clips that pass at once in each."""
    network = _small_network()
    losses = []
    for eight in torch.arange(16).split(8):
        batch, labels = _sounds(eight)
        losses.append(heads_loss(network(batch)[1]["audio"].log_softmax(-1), labels))
    torch.stack(losses).mean().backward()
    expected = [p.grad for p in network.parameters()]
    port = free_port()
    ranks = [
        SERVER.Process(target=_accumulate_apart, args=(rank, port, tmp_path)) for rank in range(2)
    ]
    for rank in ranks:
        rank.start()
    assert wait(ranks) == [0, 0]
    found = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    assert len(found[0]) == len(expected) > 20
    for one, other, theirs in zip(*found, expected, strict=True):
        assert torch.equal(one, other)
        torch.testing.assert_close(one, theirs, atol=1e-5, rtol=1e-3)
