"""Asked to stop: the step is finished, the state saved, and the exit status is 75."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.settings import RunSettings
from tests.training.runs import arguments, first_save, same_result, start, train, wait, words

Run = Callable[..., RunSettings]
TORCHRUN = [
    str(Path(sys.executable).with_name("torchrun")), "--standalone", "--nproc-per-node=2",
    "--signals-to-handle", "SIGTERM,SIGINT,SIGUSR1", "-m", "selavi",
]  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_signal_saves_and_exits_75(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path,
    number: signal.Signals,
) -> None:  # fmt: skip
    (run,) = start(settings, train_index, tmp_path)
    first_save([run], tmp_path)
    assert run.pid
    os.kill(run.pid, number)
    assert wait([run]) == [75]
    assert "the same command goes on from it" in words(tmp_path)
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


def test_one_rank_of_two_is_asked(
    pair_settings: RunSettings, train_index: Path, undisturbed_pair: Path, tmp_path: Path
) -> None:
    ranks = start(pair_settings, train_index, tmp_path, world=2)
    first_save(ranks, tmp_path)
    assert ranks[1].pid
    os.kill(ranks[1].pid, signal.SIGUSR1)
    assert wait(ranks) == [75, 75]
    train(pair_settings, train_index, tmp_path, world=2)
    same_result(tmp_path, undisturbed_pair)


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGINT])
def test_a_signal_to_torchruns_whole_group(
    pair_settings: RunSettings, train_index: Path, undisturbed_pair: Path, tmp_path: Path,
    number: signal.Signals,
) -> None:  # fmt: skip
    """As Ctrl-C and cluster schedulers do it: torchrun, the ranks and their loaders all get it."""
    command = [*TORCHRUN, *arguments(pair_settings, train_index, tmp_path), "--workers", "1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and not list((tmp_path / "state").glob("step-*")):
        time.sleep(0.01)
    assert process.poll() is None
    os.killpg(process.pid, number)
    said, _ = process.communicate()
    assert process.returncode != 0
    assert "stopped as asked; the state is saved" in said
    assert not (tmp_path / "model.pt").exists()
    train(pair_settings, train_index, tmp_path, world=2)
    same_result(tmp_path, undisturbed_pair)
