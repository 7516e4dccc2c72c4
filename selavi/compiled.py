"""Compile loops by numba, and run them in as many threads as torch uses."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import numba
import torch

Result = TypeVar("Result")
# Row sums may be reordered: the order depends on K alone. Callers have checked for NaN.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp", "nnan"},
    "error_model": "numpy",  # division by zero is not checked
}


def compiled(loop: Callable[..., Any], **changed: Any) -> Callable[..., Any]:
    """Compile a loop at its first call, with fast-math, and cache the machine code on disk.

    numba caches beside the module, else in the user's cache folder.

    Parameters
    ----------
    loop : callable
        A function on numbers and numpy arrays.
    **changed
        Options of `numba.njit` that replace the defaults.

    Returns
    -------
    callable
        The compiled function; it releases the GIL.
    """
    options = _OPTIONS | changed
    try:
        return numba.njit(loop, cache=True, **options)
    except RuntimeError:  # no folder is writable: compile in every process
        return numba.njit(loop, **options)


def compiled_exactly(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as `compiled`, without fast-math: the same bits for arrays of any size."""
    return compiled(loop, fastmath=False)


def in_threads(work: Callable[[int, int], Result], rows: int) -> list[Result]:
    """Run a function on contiguous ranges of rows in parallel.

    Parameters
    ----------
    work : callable
        Called as work(first, last).
    rows : int
        Number of rows.

    Returns
    -------
    list
        Results in the order of the ranges.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        return [work(0, rows)]
    ranges = min(4 * threads, max(1, rows))  # more than threads, to balance uneven speeds
    bounds = [rows * t // ranges for t in range(ranges + 1)]
    return list(_pool(threads, os.getpid()).map(work, bounds[:-1], bounds[1:]))


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """A pool per process, since threads do not survive a fork."""
    return ThreadPoolExecutor(threads, f"selavi-{process}")
