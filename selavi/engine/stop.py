"""Stop requests: a signal is recorded, and training stops after its current step."""

from __future__ import annotations

import errno
import os
import signal
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # or `selavi --help` would import torch
    from selavi.engine.process_group import Group

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""Signals that ask a process to stop."""
RESUMABLE = 75
"""Exit status (EX_TEMPFAIL) of a command that stopped on request: the same command resumes it."""
ECHO_SECONDS = 2.0
"""A Ctrl-C reaches a process of torchrun twice, from the terminal and from torchrun."""


class Stopped(Exception):
    """Training stopped on request; the message says what the same command does next."""

    def __init__(self, message: str = "checkpoint saved, run the same command to resume") -> None:
        super().__init__(message)


class GaveUp(Exception):
    """Training stopped on request while waiting for something: no new checkpoint was saved."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason}; run the same command to resume from the last checkpoint, if there is one"
        )


class StopRequest:
    """Whether a signal has asked this process to stop."""

    def __init__(self) -> None:
        self.requested = False

    def check(self, group: Group) -> None:
        """Raise `Stopped` on all ranks if any rank was asked to stop."""
        if group.any(self.requested):
            raise Stopped


_requested_at = float("inf")  # by `time.monotonic`; signals belong to the whole process


def seconds_since_request() -> float:
    """Seconds since a signal asked this process to stop; negative if none has."""
    return time.monotonic() - _requested_at


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first of `SIGNALS` into a request; a later SIGINT interrupts at once.

    Yields
    ------
    StopRequest
        Set by the first signal.
    """
    global _requested_at
    request = StopRequest()
    _requested_at = float("inf")

    def record(number: int, frame: FrameType | None) -> None:
        global _requested_at
        now = time.monotonic()
        if number == signal.SIGINT and now - _requested_at > ECHO_SECONDS:
            raise KeyboardInterrupt
        _requested_at = min(_requested_at, now)
        request.requested = True

    try:
        with handled_by(record):
            yield request
    finally:
        _requested_at = float("inf")


@contextmanager
def handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let `handler` handle `SIGNALS`, and restore the earlier handlers afterwards.

    SIGHUP stays ignored under nohup, which starts processes that ignore it.

    Parameters
    ----------
    handler : callable
        Takes the signal's number and the interrupted frame.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            _leave_terminal()
        handler(number, frame)

    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    numbers = [number for number in SIGNALS if not (ignored and number == signal.SIGHUP)]
    earlier = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, before in earlier.items():
            signal.signal(number, before)


def _leave_terminal() -> None:
    """Redirect output from a closed terminal to /dev/null: writing to it would end training."""
    for stream in (1, 2):
        try:
            termios.tcgetattr(stream)
        except termios.error as error:
            if error.args[0] == errno.EIO:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream)
                os.close(nowhere)
