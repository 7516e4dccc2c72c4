"""Time pieces of work on this machine: decode, train, infer."""

import resource
import statistics
import time
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from selavi.batch import Batch

LEAST_SECONDS = 1.0  # of repeated steps: fewer give noise
GPU_BATCH = 16
CPU_BATCH = 2  # of the paper's network, seconds per clip


def decode(make: Callable[[int], Iterable[Batch]]) -> tuple[Batch, float]:
    """Make batches and time them.

    Parameters
    ----------
    make : callable
        Called with 0 and with 1. The first turn compiles and fills caches, and is not timed.

    Returns
    -------
    batch : Batch
        The first batch.
    seconds : float
        CPU seconds of all batches.
    """
    for turn in range(2):
        before = cpu_seconds()
        batches = list(make(turn))
    return batches[0], cpu_seconds() - before


def training_seconds(
    network: nn.Module, run: Callable[[Batch], Tensor], batch: Batch, clips: int = CPU_BATCH
) -> float:
    """Time forward and backward pass.

    Parameters
    ----------
    network : nn.Module
        The network to time.
    run : callable
        Its forward pass on a batch.
    batch : Batch
        A batch of clips, enlarged for the measurement.
    clips : int
        To how many, on a CPU.

    Returns
    -------
    float
        Seconds per clip, on the network's device.
    """
    network.train()
    shown = _enlarged(batch, network, clips)

    def step() -> None:
        network.zero_grad()
        run(shown).sum().backward()

    return _seconds(step) / len(shown.sample)


def inference_seconds(
    network: nn.Module, run: Callable[[Batch], object], batch: Batch, clips: int = CPU_BATCH
) -> float:
    """Time a forward pass in evaluation mode; parameters and result as `training_seconds`."""
    network.eval()
    shown = _enlarged(batch, network, clips)

    def step() -> None:
        with torch.inference_mode():
            run(shown)

    return _seconds(step) / len(shown.sample)


def cpu_seconds() -> float:
    """CPU time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _enlarged(batch: Batch, network: nn.Module, clips: int) -> Batch:
    """Repeat the clips of a batch until they fill the network's device."""
    device = next(network.parameters()).device
    size = GPU_BATCH if device.type == "cuda" else clips
    return batch.pick(torch.arange(size) % len(batch.sample)).to(device)


def _seconds(step: Callable[[], None]) -> float:
    """Median time of a step after the first; other programs may disturb single ones."""
    _timed(step)
    started, times = time.monotonic(), [_timed(step)]
    while time.monotonic() - started < LEAST_SECONDS:
        times.append(_timed(step))
    return statistics.median(times)


def _timed(step: Callable[[], None]) -> float:
    started = time.monotonic()
    step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.monotonic() - started
