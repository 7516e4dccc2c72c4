"""Being asked to stop: remember it, and let the loop finish its step."""

import errno
import os
import signal
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
ECHO_SECONDS = 2.0
"""A Ctrl-C reaches a process of torchrun twice, from the terminal and from torchrun."""


class Stopped(Exception):
    """Training was asked to stop; says what the same command does next."""

    def __init__(self, words: str = "the state is saved, the same command goes on from it") -> None:
        super().__init__(words)


class GaveUp(Exception):
    """Training was asked to stop, and what it waited for did not come: the last save stands."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why}; run the same command to resume from the last checkpoint, if there is one"
        )


class StopRequest:
    """Whether a signal has asked this process to stop."""

    def __init__(self) -> None:
        self.requested = False


_asked_at = float("inf")  # by `time.monotonic`; signals are the whole process's


def seconds_since_asked() -> float:
    """How long ago a signal asked this process to stop; below 0 if none has."""
    return time.monotonic() - _asked_at


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first of `SIGNALS` into a request; an INT seconds later interrupts at once."""
    global _asked_at
    request = StopRequest()
    _asked_at = float("inf")

    def remember(number: int, frame: FrameType | None) -> None:
        global _asked_at
        now = time.monotonic()
        if number == signal.SIGINT and now - _asked_at > ECHO_SECONDS:
            raise KeyboardInterrupt
        _asked_at = min(_asked_at, now)
        request.requested = True

    try:
        with handled_by(remember):
            yield request
    finally:
        _asked_at = float("inf")


@contextmanager
def handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """`SIGNALS` go to `handler`; afterwards to whom they went before.

    Under nohup, which has processes ignore HUP, they go on doing so.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            _leave_terminal()
        handler(number, frame)

    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    heard = [number for number in SIGNALS if not (ignored and number == signal.SIGHUP)]
    earlier = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
    finally:
        for number, before in earlier.items():
            signal.signal(number, before)


def _leave_terminal() -> None:
    """Write to nowhere in place of a terminal that is gone: that fails, and would end training."""
    for stream in (1, 2):
        try:
            termios.tcgetattr(stream)
        except termios.error as error:
            if error.args[0] == errno.EIO:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream)
                os.close(nowhere)
