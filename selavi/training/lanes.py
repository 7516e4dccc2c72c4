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
LARGE = 5_000_000  # parameters; the narrow pair of encoders has 0.6 M, the paper's 36 M


class Lanes:
    """Threads for the parts of a step; on a GPU there are none, and parts run one by one.

    device : the one that computes. parameters : of the network. Large ones are computed one part
    after the other, with all of PyTorch's threads in each operator; parts of small ones share them.
    """

    def __init__(self, device: torch.device, parameters: int) -> None:
        self.pool: ThreadPoolExecutor | None = None
        if device.type == "cpu":
            threads = torch.get_num_threads()
            lanes = min(threads, LANES) if parameters < LARGE else 1
            self.pool = ThreadPoolExecutor(
                lanes, "lane", initializer=_start, initargs=(threads // lanes,)
            )

    def run(self, parts: Sequence[Callable[[], Any]]) -> list[Any]:
        """Results of all parts, in order; parts start in order. Raises what a part raises."""
        if self.pool is None:
            return [part() for part in parts]
        futures = [self.pool.submit(part) for part in parts]
        wait(futures)  # all: none may still run when an exception leaves the step
        return [future.result() for future in futures]


def _start(threads: int) -> None:
    """Settings that are each thread's own."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # numbers so near 0 take CPUs ten times as long
