"""Loops compiled by numba, in as many threads as torch may use."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import numba
import torch

Result = TypeVar("Result")
# A row's sum may be vectorised: its order then hangs on K alone. NaNs are looked for beforehand.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp", "nnan"},
    "error_model": "numpy",  # no test for zero in a division
}


def compiled(loop: Callable[..., Any], **changed: Any) -> Callable[..., Any]:
    """Compile `loop` at its first call, and keep the machine code on disk where that is possible.

    numba writes beside the module or, where it may not, into the user's cache folder.
    """
    options = _OPTIONS | changed
    try:
        return numba.njit(loop, cache=True, **options)
    except RuntimeError:  # neither folder can be written: compile in every process
        return numba.njit(loop, **options)


def compiled_exactly(loop: Callable[..., Any]) -> Callable[..., Any]:
    """`compiled`, with each operation rounded as written: the same bits for arrays of any size."""
    return compiled(loop, fastmath=False)


def in_threads(work: Callable[[int, int], Result], rows: int) -> list[Result]:
    """Results of work(first, last) for contiguous shares of `rows`, in order."""
    threads = torch.get_num_threads()
    if threads == 1:
        return [work(0, rows)]
    shares = min(4 * threads, max(1, rows))  # some to spare, for a thread that is held up
    cuts = [rows * t // shares for t in range(shares + 1)]
    return list(_pool(threads, os.getpid()).map(work, cuts[:-1], cuts[1:]))


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """A pool for each process: threads do not outlive a fork."""
    return ThreadPoolExecutor(threads, f"selavi-{process}")
