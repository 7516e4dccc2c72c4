"""Loader processes: their order, their deaths, and waits that end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from selavi.data import waiting
from selavi.data.waiting import POLL_SECONDS, answers, pack
from selavi.engine.stop import GaveUp, stop_on_signals
from selavi.files import UserError


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
    assert len(packed.handle) < 1024
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


@pytest.mark.slow
def test_open_loaders_do_not_keep_a_process_from_ending() -> None:
    done = subprocess.run([sys.executable, "-c", OPEN], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and done.stderr.rstrip().endswith("ValueError: the end")
