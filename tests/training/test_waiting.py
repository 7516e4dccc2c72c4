"""Loader processes that run out of something, are killed, or never answer."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.settings import RunSettings
from tests.conftest import PRIVATE, SMALL_SHM
from tests.training.runs import arguments, same_result, train

Run = Callable[..., RunSettings]
FULL_SHM = (
    'mount -t tmpfs -o size="$1" tmpfs /dev/shm && shift; '
    'head -c 1000000 /dev/zero > /dev/shm/full 2> /dev/null; exec "$@"'
)


def trained(settings: RunSettings, index: Path, output: Path, *before: str) -> str:
    """What a run with two loader processes says, on the screen and in its log, when it fails."""
    log = output / "log.txt"
    stage = [*arguments(settings, index, output), "--workers", "2", "--log", str(log)]
    done = subprocess.run(
        [*before, sys.executable, "-m", "selavi", *stage],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "please report" not in done.stderr
    (line,) = [line for line in log.read_text().splitlines() if " ERROR " in line]
    said = line.partition(" ERROR ")[2]
    assert said in done.stderr
    return said


@pytest.mark.slow
@pytest.mark.parametrize("mount", [SMALL_SHM, FULL_SHM], ids=["for batches", "for semaphores"])
def test_shared_memory_that_is_full(
    private_mounts: None, tiny_run: Run, train_index: Path, tmp_path: Path, mount: str
) -> None:
    size = "1m" if mount == SMALL_SHM else "16k"
    said = trained(tiny_run(), train_index, tmp_path, *PRIVATE, mount, "sh", size)
    assert f"/dev/shm is full ({'1' if mount == SMALL_SHM else '0'} MB in all" in said
    assert "--shm-size" in said and "batch_size" in said and "workers: 0" in said


@pytest.mark.slow
@pytest.mark.parametrize("files", [32, 40])
def test_too_few_file_descriptors(
    tiny_run: Run, train_index: Path, tmp_path: Path, files: int
) -> None:
    """32: not enough to start the processes; 40: to hand the batches over."""
    limited = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"]
    said = trained(tiny_run(), train_index, tmp_path, *limited)
    assert f"too many open files: this process may have {files}" in said
    assert "`ulimit -n" in said


# A run whose loader processes are killed at their third batch.
KILLED = """
import signal, sys
from selavi.cli import main
from tests.training.runs import signal_at
signal_at("selavi.data.collate:_Batches._make", 3, signal.SIGKILL)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_loader_process_that_is_killed(tiny_run: Run, train_index: Path, tmp_path: Path) -> None:
    """As the kernel does when memory runs out."""
    log = tmp_path / "log.txt"
    stage = [*arguments(tiny_run(), train_index, tmp_path), "--workers", "2", "--log", str(log)]
    done = subprocess.run([sys.executable, "-c", KILLED, *stage], check=False)
    assert done.returncode == 1
    assert "a worker process was killed (SIGKILL), most likely because memory ran out" in (
        log.read_text()
    )


# A run that waits for a batch of a loader process which sleeps.
STUCK = """
import sys
from selavi.cli import main
from selavi.data import waiting
from selavi.data import collate
from tests.conftest import PRIVATE, SMALL_SHM
from tests.training.runs import signal_at
import signal
waiting.STOP_SECONDS = 1.0
signal_at("selavi.data.collate:_Batches._make", int(sys.argv[1]), signal.SIGSTOP)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("call", [1, 2], ids=["first", "later"])
def test_a_signal_while_no_batch_comes(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path, call: int
) -> None:
    stage = [*arguments(settings, train_index, tmp_path), "--workers", "1"]
    run = subprocess.Popen(
        [sys.executable, "-c", STUCK, str(call), *stage], stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    stopped = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    while not any(state_of(int(pid)) == "T" for pid in stopped.read_text().split()):
        assert run.poll() is None
    run.send_signal(signal.SIGTERM)
    _, said = run.communicate()
    assert run.returncode == 75, said
    assert "stopped on request; no batch came within 1 seconds; run the same command" in said
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
