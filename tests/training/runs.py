"""Real training runs in processes of their own, forked from one that has everything imported.

Importing PyTorch takes seconds and a tiny run takes one, so the tests start a server that imports
once; each run is a process forked from it, with its own process group if it has several ranks. The
environment variables are those that torchrun sets.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from selavi.config_file import write_section
from selavi.models.checkpoint import build_network, load_model
from selavi.settings import RunSettings
from tests.ports import free_port

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["selavi.cli", "selavi.training.pretrain", "tests.training.runs"])


# For runs of several world sizes, with all clips in a step. No dropout, since its draws are each
# process's own. The rate is low, and the sound goes alone: a fresh network of many batch norms
# makes differences in rounding grow tenfold in a few steps, with one process as with two.
WORLDS: dict[str, Any] = {
    "modalities": ["audio"],
    "network": {"dropout": 0.0},
    "labelling": {"optimisations": 8},
    "training": {"epochs": 21, "warmup_epochs": 0, "base_lr": 2e-5},
}


def arguments(settings: RunSettings, index: Path, output: Path) -> list[str]:
    """What stands after `selavi` on the command line; writes the settings file."""
    output.mkdir(parents=True, exist_ok=True)
    write_section(output / "settings.yaml", settings)
    return [
        "pretrain", "--settings", str(output / "settings.yaml"), "--index", str(index),
        "--output", str(output),
    ]  # fmt: skip


def start(
    settings: RunSettings,
    index: Path,
    output: Path,
    *extra: str,
    world: int = 1,
    port: int = 0,
    kill_at: tuple[str, int] | None = None,
    by: signal.Signals = signal.SIGKILL,
) -> list[BaseProcess]:
    """Start a run, a process per rank. kill_at, by: see `signal_at`; the last rank gets it."""
    command = [*arguments(settings, index, output), *extra]
    ranks, port = [], free_port()
    for rank in range(world):
        environment = {
            "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        }  # fmt: skip
        signalled = (*kill_at, by) if kill_at and rank == world - 1 else None
        ranks.append(fork(command, output, environment, signalled))
    return ranks


def fork(
    command: list[str],
    output: Path,
    environment: dict[str, str] | None = None,
    signalled: tuple[str, int, signal.Signals] | None = None,
) -> BaseProcess:
    """Start `selavi` with these arguments; what it says comes into the folder `output`."""
    arguments = (command, environment or {}, output, signalled)
    process = SERVER.Process(target=_main, args=arguments)
    process.start()
    return process


def wait(ranks: list[BaseProcess]) -> list[int | None]:
    """Wait for the ranks' ends; when one was killed, the others are, as torchrun does it."""
    while any(rank.is_alive() for rank in ranks):
        for rank in ranks:
            rank.join(0.02)
        if any(rank.exitcode not in (None, 0, 75) for rank in ranks):
            time.sleep(0.5)
            for rank in ranks:
                rank.kill()
    return [rank.exitcode for rank in ranks]


def words(output: Path) -> str:
    """What the run's processes said on the screen, all attempts."""
    return (output / "screen.txt").read_text()


def train(settings: RunSettings, index: Path, output: Path, *extra: str, world: int = 1) -> None:
    """A run that must succeed."""
    codes = wait(start(settings, index, output, *extra, world=world))
    assert codes == [0] * world, words(output)


def first_save(ranks: list[BaseProcess], output: Path) -> None:
    """Wait until a run has saved its state."""
    while ranks[0].is_alive() and not list((output / "state").glob("step-*")):
        time.sleep(0.005)


def same_result(one: Path, other: Path) -> None:
    """Same weights and labels of every epoch, bit for bit, and the same log but for speed."""
    assert (one / "labels.csv").read_bytes() == (other / "labels.csv").read_bytes()
    epochs = [sorted((p / "epoch-labels").iterdir()) for p in (one, other)]
    assert [p.name for p in epochs[0]] == [p.name for p in epochs[1]]
    for paths in zip(*epochs, strict=True):
        first, second = (np.load(path)["labels"] for path in paths)
        assert np.array_equal(first, second), paths
    logs = [pd.read_csv(p / "log.csv").drop(columns="clips_per_second") for p in (one, other)]
    pd.testing.assert_frame_equal(*logs)
    weights = [load_model(p / "model.pt")[0].state_dict() for p in (one, other)]
    for name, value in weights[0].items():
        assert torch.equal(value, weights[1][name]), name


def same_but_for_rounding(one: Path, other: Path) -> None:
    """Losses to 1e-4 in every epoch, the same labels, and the same way of the weights."""
    losses = [pd.read_csv(p / "log.csv")["loss"].to_numpy() for p in (one, other)]
    assert len(losses[0]) == len(losses[1]) > 1
    assert np.abs(losses[0] - losses[1]).max() < 1e-4
    assert (one / "labels.csv").read_bytes() == (other / "labels.csv").read_bytes()
    settings = load_model(one / "model.pt")[1]
    torch.manual_seed(settings.seed)
    first = _weights(build_network(settings))
    ways = [_weights(load_model(p / "model.pt")[0]) - first for p in (one, other)]
    assert float((ways[0] - ways[1]).norm() / ways[0].norm()) < 0.1


def _weights(network: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def _main(
    command: list[str],
    environment: dict[str, str],
    output: Path,
    signalled: tuple[str, int, signal.Signals] | None,
) -> None:
    os.environ.update(environment)
    with (output / "screen.txt").open("a") as screen:
        os.dup2(screen.fileno(), 1)
        os.dup2(screen.fileno(), 2)
    from selavi.cli import main

    if signalled:
        signal_at(*signalled)
    sys.exit(main(command))


def signal_at(place: str, call: int, by: signal.Signals) -> None:
    """Signal this process when the function at `place`, "module:name", is called that often."""
    module, _, names = place.partition(":")
    *owners, name = names.split(".")
    owner: object = __import__(module, fromlist=["_"])
    for part in owners:
        owner = getattr(owner, part)
    original: Callable[..., object] = getattr(owner, name)
    calls = 0

    def signals(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), by)
        return original(*args, **kwargs)

    setattr(owner, name, signals)


@contextmanager
def held(lock: Path, owner: str) -> Iterator[None]:
    """By a process that says `owner` of itself."""
    lock.write_text(owner)
    code = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'a+'); fcntl.lockf(file, fcntl.LOCK_EX);"
        "print(flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE)
    assert holder.stdout and holder.stdout.readline()
    try:
        yield
    finally:
        holder.kill()
        holder.wait()
