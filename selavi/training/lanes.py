"""Run the independent parts of a training step in parallel, each in a CPU thread.

On small networks two threads inside one operator are slower than one; two operators at a time are
not. The result of a part must not depend on when it runs: it draws from its own random generator,
and reads nothing that another part writes.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import torch

LANES = 2
LARGE = 5_000_000  # parameters; the narrow pair of encoders has 0.6 M, the paper's 36 M


class Lanes:
    """Threads for the parts of a step; on a GPU there are none, and parts run one by one.

    Parameters
    ----------
    device : torch.device
        Where the network computes.
    parameters : int
        Of the network. The parts of a large one run one by one, with all of PyTorch's threads in
        each operator; the parts of a small one share the threads.
    """

    def __init__(self, device: torch.device, parameters: int) -> None:
        self.pool: ThreadPoolExecutor | None = None
        if device.type == "cpu":
            threads = torch.get_num_threads()
            lanes = lane_count(device, parameters)
            self.pool = ThreadPoolExecutor(
                lanes, "lane", initializer=_start, initargs=(threads // lanes,)
            )

    def run(self, parts: Sequence[Callable[[], Any]]) -> list[Any]:
        """Run all parts, which start in order.

        Parameters
        ----------
        parts : sequence of callable
            Functions without arguments.

        Returns
        -------
        list
            Their results, in order.
        """
        if self.pool is None:
            return [part() for part in parts]
        futures = [self.pool.submit(part) for part in parts]
        wait(futures)  # no part may still run when an exception leaves the step
        return [future.result() for future in futures]


def lane_count(device: torch.device, parameters: int) -> int:
    """Threads that share the parts of a step of a network with so many parameters."""
    if device.type != "cpu" or parameters >= LARGE:
        return 1
    return min(torch.get_num_threads(), LANES)


def _start(threads: int) -> None:
    """Settings that belong to a thread."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # denormal numbers take CPUs ten times as long
