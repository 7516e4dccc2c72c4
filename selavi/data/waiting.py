"""Receive batches from loader processes: every wait has a limit, every failure a clear message.

A worker pickles its answer itself, so that a full /dev/shm is returned as an answer. The thread of
torch that sends answers would only print the error, and the reader would wait without end.
"""

import atexit
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import active_children
from multiprocessing.connection import wait as wait_for
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

import torch
from torch.utils.data import DataLoader, get_worker_info

from selavi.engine.process_group import LIMIT_SECONDS
from selavi.engine.stop import GaveUp, seconds_since_request
from selavi.files import UserError
from selavi.shortage import full_shared_memory, killed, shortage, too_few_files

POLL_SECONDS = 1.0
STOP_SECONDS = 20.0  # a batch this late still leaves time to end the step and write a checkpoint
END: Any = object()
TIMED_OUT = "DataLoader timed out"  # torch's message
ABANDONED: list[object] = []
"""Iterators of failed loaders. Deleting one would wait for locks that dead workers may hold."""
RUNNING: set[BaseProcess] = set()
"""Workers of open loaders, which an exception may leave open until Python ends."""
UNREADABLE = (OSError, EOFError, RuntimeError)  # raised for an answer lost from shared memory


class Packed:
    """An answer in shared memory, of which only the handle is sent.

    A message so small is written to the pipe whole or not at all. A worker that is killed while it
    writes a longer one would leave a part, and the reader would wait for the rest.
    """

    def __init__(self, answer: object) -> None:
        message = bytearray(ForkingPickler.dumps(answer))
        self.handle = bytes(ForkingPickler.dumps(torch.frombuffer(message, dtype=torch.uint8)))

    def unpack(self) -> Any:
        """Return the answer, or the exception if it cannot be read."""
        try:
            return pickle.loads(pickle.loads(self.handle).numpy())
        except UNREADABLE as error:
            return error

    def pin_memory(self) -> Any:
        """Return the answer in page-locked memory (called by torch's DataLoader)."""
        answer = self.unpack()
        return answer if isinstance(answer, Exception) else answer.pin_memory()


def pack(answer: object) -> object:
    """Prepare an answer for sending; without workers, return it unchanged."""
    return answer if get_worker_info() is None else Packed(answer)


def answers(loader: "DataLoader[Any]") -> Iterator[Any]:
    """Iterate over the answers of a loader.

    Parameters
    ----------
    loader : DataLoader
        The loader, with a timeout of `POLL_SECONDS` if it has workers.

    Raises
    ------
    UserError
        If a worker dies, or no answer comes within `LIMIT_SECONDS`.
    GaveUp
        If a stop is requested and no answer comes within `STOP_SECONDS`.
    """
    if not loader.num_workers:
        yield from loader
        return
    iterator, workers = _start(loader)
    unpacker = ThreadPoolExecutor(1)  # a worker that hangs may block unpacking: keep a time limit
    failed = True
    try:
        while (answer := _bounded(partial(next, iterator, END), workers)) is not END:
            if isinstance(answer, Packed):
                unpacked = unpacker.submit(answer.unpack)
                answer = _bounded(partial(unpacked.result, POLL_SECONDS), workers)
            if isinstance(answer, UNREADABLE):
                # The pipe of a dying worker closes some time before its process ends.
                wait_for(
                    [worker.sentinel for worker in workers],
                    timeout=0 if shortage(answer) else STOP_SECONDS,
                )
                raise UserError(_why_dead(workers) or shortage(answer) or too_few_files())
            yield answer
        failed = False
    except GeneratorExit:  # the caller needs no more answers
        failed = bool(_why_dead(workers))
    finally:
        if failed:
            ABANDONED.append(iterator)
        del iterator  # makes torch ask the workers to end, and wait some seconds
        _kill(workers)
        RUNNING.difference_update(workers)
        unpacker.shutdown(wait=False)


def _start(loader: "DataLoader[Any]") -> tuple[Iterator[Any], set[BaseProcess]]:
    """Start the workers, without torch's SIGCHLD handler, which would raise at any point.

    `_bounded` reports their deaths instead.
    """
    before, handler = set(active_children()), signal.getsignal(signal.SIGCHLD)
    try:
        iterator = iter(loader)
    except Exception as error:
        ABANDONED.append(error)  # its traceback holds the iterator
        _kill(set(active_children()) - before)
        raise
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCHLD, handler)
    workers = set(active_children()) - before
    RUNNING.update(workers)
    return iterator, workers


def _kill(workers: set[BaseProcess]) -> None:
    """End workers that did not end when asked, for example because they wait for a disk."""
    for worker in workers:
        worker.kill()


# At exit Python waits for its children without a limit, and workers ignore SIGTERM.
atexit.register(_kill, RUNNING)


def _bounded(step: Callable[[], Any], workers: set[BaseProcess]) -> Any:
    """Call `step` until it does not time out, and return its value. Raises as `answers`."""
    started = time.monotonic()
    while True:
        try:
            return step()
        except (RuntimeError, TimeoutError) as error:
            if cause := _why_dead(workers):
                raise UserError(cause) from error
            if not isinstance(error, TimeoutError) and not str(error).startswith(TIMED_OUT):
                raise
        if min(seconds_since_request(), time.monotonic() - started) > STOP_SECONDS:
            raise GaveUp(f"no batch came within {STOP_SECONDS:g} seconds")
        if time.monotonic() - started > LIMIT_SECONDS:
            raise UserError(
                f"no batch came within {LIMIT_SECONDS / 60:g} minutes, though the loader processes "
                "are alive: check the disk with the shards, then run the same command again"
            )


def _why_dead(workers: set[BaseProcess]) -> str:
    """Why a worker died, "" if none did."""
    codes = [worker.exitcode for worker in workers if worker.exitcode]
    if -signal.SIGBUS in codes:
        return full_shared_memory()
    for code in codes:
        name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        if -code == signal.SIGKILL:
            return killed(name)
        return f"a loader process has died ({name}); its messages are above"
    return ""
