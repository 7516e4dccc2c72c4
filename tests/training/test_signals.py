"""Asked to stop: the step is finished, the state saved, and the exit status is 75."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from selavi.engine.process_group import process_group
from selavi.engine.stop import Stopped, StopRequest
from selavi.settings import RunSettings
from selavi.training.pseudo_labels import while_wanted
from tests.ports import free_port
from tests.training.runs import (
    SERVER,
    arguments,
    first_save,
    same_result,
    start,
    train,
    wait,
    words,
)

Run = Callable[..., RunSettings]
TORCHRUN = [
    str(Path(sys.executable).with_name("torchrun")), "--standalone", "--nproc-per-node=2",
    "--signals-to-handle", "SIGTERM,SIGINT,SIGHUP,SIGUSR1", "-m", "selavi",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP])
def test_a_signal_saves_and_exits_75(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path,
    number: signal.Signals,
) -> None:  # fmt: skip
    (run,) = start(settings, train_index, tmp_path)
    first_save([run], tmp_path)
    assert run.pid
    os.kill(run.pid, number)
    assert wait([run]) == [75]
    assert "run the same command to resume" in words(tmp_path)
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.slow
def test_a_terminal_that_closes_saves_and_exits_75(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """As when a connection is lost: HUP to all, loaders too, and writing to the terminal fails."""
    selavi = [sys.executable, "-m", "selavi"]
    stage = arguments(settings, train_index, tmp_path)
    log = ["--log", str(tmp_path / "log.txt"), "--workers", "1"]
    run, terminal = pty.fork()
    if run == 0:
        os.execv(sys.executable, [*selavi, "launch", "--", *stage, *log])
    os.set_blocking(terminal, False)
    while not list((tmp_path / "state").glob("step-*")):
        with suppress(BlockingIOError):
            os.read(terminal, 2**16)
        time.sleep(0.01)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(run, 0)[1]) == 75
    said = (tmp_path / "log.txt").read_text()
    assert "stopped on request; checkpoint saved" in said and "error" not in said
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.slow
def test_nohup_keeps_a_run_going(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    words = [sys.executable, "-m", "selavi", *arguments(settings, train_index, tmp_path)]
    run = subprocess.Popen(["nohup", *words], stderr=subprocess.DEVNULL)
    while run.poll() is None and not list((tmp_path / "state").glob("step-*")):
        time.sleep(0.01)
    run.send_signal(signal.SIGHUP)
    assert run.wait() == 0
    same_result(tmp_path, undisturbed)


@pytest.mark.slow
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


@pytest.mark.slow
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
    assert "stopped on request; checkpoint saved" in said
    assert not (tmp_path / "model.pt").exists()
    train(pair_settings, train_index, tmp_path, world=2)
    same_result(tmp_path, undisturbed_pair)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "updates"),
    [
        (3, 0),  # in the pass of the first group
        (9, 0),  # in that of the second: the first one's heads are in order, and have labels
        (24, 1),  # in a later relabelling, in mid-epoch
        (40, 2),  # between a save and the next step
    ],
)
def test_a_signal_in_a_labelling_pass_does_not_wait_for_the_labels(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path,
    call: int, updates: int,
) -> None:  # fmt: skip
    seldom = settings.machine.model_copy(update={"checkpoint_minutes": 60.0})
    place = ("selavi.models.network:Network.encode", call)
    rare = settings.model_copy(update={"machine": seldom})
    assert wait(start(rare, train_index, tmp_path, kill_at=place, by=signal.SIGUSR1)) == [75]
    assert words(tmp_path).count("label update ") == updates
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.slow
def test_one_rank_of_two_is_asked_in_the_second_groups_pass(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    settings = tiny_run(
        labelling={"source": "pass", "optimisations": 2},
        training={"epochs": 1, "warmup_epochs": 1, "batch_size": 2},
    )
    calm, asked = tmp_path / "calm", tmp_path / "asked"
    train(settings, train_index, calm, world=2)
    place = ("selavi.models.network:Network.encode", 2 + 6 + 1)
    ranks = start(settings, train_index, asked, world=2, kill_at=place, by=signal.SIGUSR1)
    assert wait(ranks) == [75, 75]
    assert "label update " not in words(asked)
    train(settings, train_index, asked, world=2)
    same_result(asked, calm)


def _pass(rank: int, port: int, folder: Path) -> None:
    """A pass over 20 batches, of which rank 1 has but three; it is asked to stop at its second."""
    os.environ |= {
        "RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)
    }  # fmt: skip
    stop, seen = StopRequest(), []
    with process_group() as group:
        assert len(list(while_wanted(iter(range(3 + 17 * rank)), 20, stop, group))) == 3 + 17 * rank
        with pytest.raises(Stopped):
            for batch in while_wanted(iter(range(20 - 17 * rank)), 20, stop, group):
                seen.append(batch)
                stop.requested |= rank == 1 and batch == 1
    (folder / str(rank)).write_text(str(len(seen)))


def test_ranks_with_fewer_batches_leave_a_pass_with_the_others(tmp_path: Path) -> None:
    port = free_port()
    ranks = [SERVER.Process(target=_pass, args=(rank, port, tmp_path)) for rank in range(2)]
    for rank in ranks:
        rank.start()
    assert wait(ranks) == [0, 0]
    assert [(tmp_path / str(rank)).read_text() for rank in range(2)] == ["8", "3"]


def test_a_signal_while_the_processes_come_together(
    pair_settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    place = ("torch.distributed:init_process_group", 1)
    ranks = start(
        pair_settings, train_index, tmp_path, world=2, kill_at=place, by=signal.SIGUSR1
    )  # fmt: skip
    assert wait(ranks) == [75, 75]
    assert "nothing learned yet" in words(tmp_path)


@pytest.mark.slow
def test_a_signal_before_anything_is_learnt(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    """While the stores of features are filled: there is nothing to save yet."""
    settings = tiny_run(training={"epochs": 1, "warmup_epochs": 1})
    calm, asked = tmp_path / "calm", tmp_path / "asked"
    place = ("selavi.models.network:Network.encode", 4)
    assert wait(start(settings, train_index, asked, kill_at=place, by=signal.SIGUSR1)) == [75]
    assert "nothing learned yet, run the same command to start again" in words(asked)
    assert not (asked / "state").exists()
    for output in (calm, asked):
        train(settings, train_index, output)
    same_result(asked, calm)
