"""Run the parts of a training step that share nothing side by side, a CPU thread for each.

On small networks two threads inside one operator are slower than one; two operators at a time are
not. What a part computes must not depend on when it runs: it draws from a random generator of its
own, and reads nothing that another part writes.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import torch

LANES = 2


class Lanes:
    """Threads for the parts of a step; on a GPU there are none, and parts run one by one.

    device : the one that computes. threads : CPU threads for all parts together.
    """

    def __init__(self, device: torch.device, threads: int) -> None:
        self.pool: ThreadPoolExecutor | None = None
        if device.type == "cpu":
            lanes = max(1, min(threads, LANES))
            torch.set_num_threads(max(1, threads // lanes))
            # Denormal numbers, through which weights decay to 0, take ten times as long. The
            # setting is each thread's own.
            self.pool = ThreadPoolExecutor(
                lanes, "lane", initializer=torch.set_flush_denormal, initargs=(True,)
            )

    def run(self, parts: Sequence[Callable[[], Any]]) -> list[Any]:
        """Results of all parts, in order; parts start in order. Raises what a part raises."""
        if self.pool is None:
            return [part() for part in parts]
        futures = [self.pool.submit(part) for part in parts]
        wait(futures)  # all: none may still run when an exception leaves the step
        return [future.result() for future in futures]
