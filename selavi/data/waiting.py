"""Take batches from loader processes: no wait is without a bound, no failure without a sentence.

A worker packs its answer itself, so that a full /dev/shm comes back as an answer: from the thread
that sends it, the error would go to the screen alone, and the batch would be waited for in vain.
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
STOP_SECONDS = 20.0  # a batch that comes so late still lets the step end, and the state be saved
END: Any = object()
TIMED_OUT = "DataLoader timed out"  # as torch says it
ABANDONED: list[object] = []
"""Iterators of failed loaders, kept: taking one down waits for locks that dead workers may hold."""
RUNNING: set[BaseProcess] = set()
"""Workers of loaders that are open: an exception may keep them so until Python ends."""
LOST = (OSError, EOFError, RuntimeError)  # what fetching an answer out of shared memory may raise


class Packed:
    """An answer in shared memory; what is sent is where it lies.

    So small a message is written to the pipe whole or not at all. Of a longer one a worker that is
    killed might leave half, and the reader would wait for the rest.
    """

    def __init__(self, answer: object) -> None:
        message = bytearray(ForkingPickler.dumps(answer))
        self.place = bytes(ForkingPickler.dumps(torch.frombuffer(message, dtype=torch.uint8)))

    def unpack(self) -> Any:
        """The answer; an exception if it cannot be fetched."""
        try:
            return pickle.loads(pickle.loads(self.place).numpy())
        except LOST as error:
            return error

    def pin_memory(self) -> Any:
        """The answer in page-locked memory (called by torch's DataLoader)."""
        answer = self.unpack()
        return answer if isinstance(answer, Exception) else answer.pin_memory()


def pack(answer: object) -> object:
    """What a worker hands over for `answer`."""
    return answer if get_worker_info() is None else Packed(answer)


def answers(loader: "DataLoader[Any]") -> Iterator[Any]:
    """The answers of a loader, whose timeout is `POLL_SECONDS` where it has workers.

    Raises
    ------
    UserError if a worker was killed, and if no answer comes for ten minutes. GaveUp if this process
    is asked to stop and none comes for `STOP_SECONDS`.
    """
    if not loader.num_workers:
        yield from loader
        return
    iterator, workers = _start(loader)
    fetcher = ThreadPoolExecutor(1)  # a worker gives away what it packed, and may be stuck
    failed = True
    try:
        while (answer := _bounded(partial(next, iterator, END), workers)) is not END:
            if isinstance(answer, Packed):
                fetched = fetcher.submit(answer.unpack)
                answer = _bounded(partial(fetched.result, POLL_SECONDS), workers)
            if isinstance(answer, LOST):
                # Of a worker that dies the pipe closes first, and some time later it is dead.
                wait_for(
                    [worker.sentinel for worker in workers],
                    timeout=0 if shortage(answer) else STOP_SECONDS,
                )
                raise UserError(_why_dead(workers) or shortage(answer) or too_few_files())
            yield answer
        failed = False
    except GeneratorExit:  # no more answers are wanted
        failed = bool(_why_dead(workers))
    finally:
        if failed:
            ABANDONED.append(iterator)
        del iterator  # torch asks the workers to end, and waits some seconds
        _kill(workers)
        RUNNING.difference_update(workers)
        fetcher.shutdown(wait=False)


def _start(loader: "DataLoader[Any]") -> tuple[Iterator[Any], set[BaseProcess]]:
    """Start the workers. `_bounded` tells of their deaths; torch's handler raises anywhere."""
    before, handler = set(active_children()), signal.getsignal(signal.SIGCHLD)
    try:
        iterator = iter(loader)
    except Exception as error:
        ABANDONED.append(error)  # it holds the iterator
        _kill(set(active_children()) - before)
        raise
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCHLD, handler)
    workers = set(active_children()) - before
    RUNNING.update(workers)
    return iterator, workers


def _kill(workers: set[BaseProcess]) -> None:
    """End workers that did not when asked, such as one that waits for a disk; else Python waits."""
    for worker in workers:
        worker.kill()


# Before Python waits for its children, without a bound: workers ignore what asks them to end.
atexit.register(_kill, RUNNING)


def _bounded(step: Callable[[], Any], workers: set[BaseProcess]) -> Any:
    """What `step` returns, tried again while it times out. Raises as `answers`."""
    started = time.monotonic()
    while True:
        try:
            return step()
        except (RuntimeError, TimeoutError) as error:
            if words := _why_dead(workers):
                raise UserError(words) from error
            if not isinstance(error, TimeoutError) and not str(error).startswith(TIMED_OUT):
                raise
        if min(seconds_since_request(), time.monotonic() - started) > STOP_SECONDS:
            raise GaveUp(f"no batch came within {STOP_SECONDS:g} seconds")
        if time.monotonic() - started > LIMIT_SECONDS:
            raise UserError(
                f"no batch came within {LIMIT_SECONDS / 60:g} minutes, and the loader processes "
                "are still there: does the disk with the shards answer?"
            )


def _why_dead(workers: set[BaseProcess]) -> str:
    """Why a worker died, in a sentence; "" if none did."""
    codes = [worker.exitcode for worker in workers if worker.exitcode]
    if -signal.SIGBUS in codes:
        return full_shared_memory()
    for code in codes:
        name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        if -code == signal.SIGKILL:
            return killed(name)
        return f"a loader process has died ({name}); what it printed above says why"
    return ""
