"""Fine-tuning in two processes learns what one learns, and resumes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from selavi.files import read_csv
from selavi.models.checkpoint import load_model
from tests.evaluation.finetune.runs import command, weights

# A fresh encoder of many batch norms makes differences in rounding grow fast at higher rates.
# So do they where the last maps are single pixels, and the norm of a channel is that of 8 numbers.
SLOW: dict[str, Any] = {
    "batch_size": 8, "base_lr": 1e-6, "head_lr": 1e-3, "warmup_factor": 1.0,
    "crop": 48, "scale_min": 48, "scale_max": 48,
}  # fmt: skip
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def run(words: list[str]) -> None:
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=[False, True], ids=["all", "probe"])
def worlds(
    request: pytest.FixtureRequest, model: Path, indexes: tuple[Path, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Path]:  # fmt: skip
    """What one process and two wrote, of a finetuning of everything and of a linear probe."""
    outputs = [tmp_path_factory.mktemp("world") / "1.csv" for _ in range(2)]
    for world, output in enumerate(outputs, 1):
        run(command(model, indexes, output, *launch(world), **SLOW, linear_probe=request.param))
    return outputs


def launch(world: int) -> tuple[str, ...]:
    return (sys.executable, "-m", "selavi", "launch", "--processes", str(world), "--")


@pytest.mark.slow
def test_two_processes_learn_the_same_videos(model: Path, worlds: list[Path]) -> None:
    """Figures to 1e-4 and the same way of the weights, also where batch norm learns."""
    tables = [read_csv(output, ("note",)) for output in worlds]
    pd.testing.assert_frame_equal(*tables, atol=1e-4, rtol=0)
    first = dict(load_model(model)[0].encoders["video"].named_parameters())
    saved = [weights(output) for output in worlds]
    ways = [
        torch.cat(
            [(s[f"network.encoders.video.{n}"] - w).detach().flatten() for n, w in first.items()]
        )
        for s in saved
    ]
    assert float((ways[0] - ways[1]).norm()) <= 0.1 * float(ways[0].norm())
    torch.testing.assert_close(*(s["classifier.weight"] for s in saved), atol=1e-4, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("worlds", [False], indirect=True, ids=["all"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGUSR1])
def test_two_processes_stopped_go_on_to_the_same_result(
    model: Path, indexes: tuple[Path, Path], worlds: list[Path], tmp_path: Path,
    number: signal.Signals,
) -> None:  # fmt: skip
    """The launcher passes USR1 on to both, and ends when it has lost one of them."""
    output = tmp_path / "1.csv"
    words = command(model, indexes, output, *launch(2), **SLOW)
    process = subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(output.with_suffix(".state").glob("step-*")):
        time.sleep(0.01)
    if number == signal.SIGUSR1:
        process.send_signal(number)
        assert process.wait() == 75
    else:
        children = ["pgrep", "-P", str(process.pid)]
        found = subprocess.run(children, capture_output=True, text=True, check=True)
        os.kill(int(found.stdout.split()[-1]), number)
        assert process.wait() not in (0, 75)
    assert not output.exists()
    run(words)
    assert output.read_bytes() == worlds[1].read_bytes()
