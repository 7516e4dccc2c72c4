"""Loader processes that run out of something, are killed, or never answer."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from selavi.data import waiting
from selavi.data.waiting import POLL_SECONDS, answers, pack
from selavi.engine.stop import GaveUp, stop_on_signals
from selavi.files import UserError
from selavi.settings import RunSettings
from selavi.shortage import shortage
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


@pytest.mark.parametrize("mount", [SMALL_SHM, FULL_SHM], ids=["for batches", "for semaphores"])
def test_shared_memory_that_is_full(
    private_mounts: None, tiny_run: Run, train_index: Path, tmp_path: Path, mount: str
) -> None:
    size = "1m" if mount == SMALL_SHM else "16k"
    said = trained(tiny_run(), train_index, tmp_path, *PRIVATE, mount, "sh", size)
    assert f"/dev/shm is full ({'1' if mount == SMALL_SHM else '0'} MB in all" in said
    assert "--shm-size" in said and "batch_size" in said and "workers: 0" in said


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


class Numbers(Dataset[object]):
    """0, 1, 2 ...; the process that makes the third does something else first."""

    def __init__(self, deed: Callable[[], object], views: int = 1) -> None:
        self.deed, self.views = deed, views

    def __len__(self) -> int:
        return 8

    def __getitem__(self, number: int) -> object:
        if number == 2:
            self.deed()
        return pack([torch.tensor(number), ["a view"] * self.views])


def numbers(deed: Callable[[], object], workers: int = 1, views: int = 1) -> Iterator[Any]:
    data = Numbers(deed, views)
    loader = DataLoader(
        data, batch_size=None, num_workers=workers, timeout=POLL_SECONDS if workers else 0
    )
    return answers(loader)


def nothing() -> None:
    pass


def own(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_answers_come_in_order(workers: int) -> None:
    before = signal.getsignal(signal.SIGCHLD)
    found = list(numbers(nothing, workers))
    assert [int(number) for number, _ in found] == list(range(8))
    assert signal.getsignal(signal.SIGCHLD) == before


def test_what_is_sent_stays_small() -> None:
    """A pipe takes up to PIPE_BUF bytes at once, so that a kill leaves no half of a message."""
    answer = [torch.zeros(10), [f"view {n}" for n in range(100_000)]]
    packed = waiting.Packed(answer)
    assert len(packed.place) < 1024
    assert packed.unpack()[1] == answer[1]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGKILL, "most likely because memory ran out"),
        (signal.SIGBUS, "/dev/shm is full"),
        (signal.SIGSEGV, "a loader process has died"),
    ],
)
def test_why_a_process_died(number: signal.Signals, said: str) -> None:
    found = numbers(own(number), workers=2)
    with pytest.raises(UserError, match=said):
        list(found)


def test_no_wait_is_without_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LIMIT_SECONDS", 1.0)
    with pytest.raises(UserError, match=r"no batch came within .* minutes"):
        list(numbers(own(signal.SIGSTOP)))


def test_a_batch_that_comes_late_is_waited_for_when_asked_to_stop() -> None:
    with stop_on_signals() as stop:
        found = numbers(lambda: signal.sigtimedwait([], 2 * POLL_SECONDS))
        next(found)
        os.kill(os.getpid(), signal.SIGHUP)
        assert len(list(found)) == 7
        assert stop.requested


def test_asked_to_stop_while_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "STOP_SECONDS", 0.5)
    with stop_on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(GaveUp, match="no batch came within"):
            list(numbers(own(signal.SIGSTOP)))


def test_what_ran_out() -> None:
    with pytest.raises(RuntimeError) as too_large:
        torch.empty(10**15)
    assert shortage(too_large.value).startswith("memory ran out")
    assert shortage(MemoryError()).startswith("memory ran out")
    assert "batch_size" in shortage(torch.OutOfMemoryError("CUDA out of memory. Tried ..."))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 8, hard))
    try:
        with pytest.raises(OSError) as too_many:
            for _ in range(1000):
                opened.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in opened:
            os.close(number)
    assert "`ulimit -n" in shortage(too_many.value)
    assert shortage(OSError(28, "No space left on device", "/data/x")) == ""
    assert shortage(ValueError("another thing")) == ""


# Ends with an exception while a loader is open, and kept so by the exception's own frames.
OPEN = """
import torch
from torch.utils.data import DataLoader
from selavi.data.collate import _start_worker
from selavi.data.waiting import POLL_SECONDS, answers
found = answers(DataLoader(
    torch.zeros(100), batch_size=None, num_workers=2, timeout=POLL_SECONDS,
    worker_init_fn=_start_worker,
))
next(found)
kept = [found]
kept.append(kept)
raise ValueError("the end")
"""


def test_open_loaders_do_not_keep_a_process_from_ending() -> None:
    done = subprocess.run([sys.executable, "-c", OPEN], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and done.stderr.rstrip().endswith("ValueError: the end")
