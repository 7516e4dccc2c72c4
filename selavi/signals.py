"""Being asked to stop: remember it, and let the loop finish its step."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
ECHO_SECONDS = 2.0
"""A Ctrl-C reaches a process of torchrun twice, from the terminal and from torchrun."""


class Stopped(Exception):
    """Training was asked to stop; says what the same command does next."""

    def __init__(self, words: str = "the state is saved, the same command goes on from it") -> None:
        super().__init__(words)


class StopRequest:
    """Whether a signal has asked this process to stop."""

    def __init__(self) -> None:
        self.requested = False


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first INT, TERM or USR1 into a request; an INT seconds later interrupts at once."""
    request = StopRequest()
    first = float("inf")

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal first
        now = time.monotonic()
        if number == signal.SIGINT and now - first > ECHO_SECONDS:
            raise KeyboardInterrupt
        first = min(first, now)
        request.requested = True

    with handled_by(remember):
        yield request


@contextmanager
def handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """INT, TERM and USR1 go to `handler`; afterwards to whom they went before."""
    earlier = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, before in earlier.items():
            signal.signal(number, before)
