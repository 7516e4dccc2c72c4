"""The cost of a stage: hours and bytes."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Cost:
    """Predicted cost of one stage for one dataset or run.

    On a machine without a GPU, the network's time is CPU time.

    Attributes
    ----------
    what : str
        Name of the dataset or run.
    stage : str
        Name of the stage.
    cpu_hours, gpu_hours : float
        Time of one CPU and of one GPU.
    stored : float
        Bytes that stay on the disk.
    serial_hours : float
        The part of `cpu_hours` in which no second CPU can help.
    """

    what: str
    stage: str
    cpu_hours: float
    gpu_hours: float
    stored: float
    serial_hours: float = 0.0


def wall_seconds(costs: Iterable[Cost]) -> dict[str, float]:
    """Predict how long each stage takes where all CPUs work on it.

    Parameters
    ----------
    costs : iterable of Cost
        Costs of the stages.

    Returns
    -------
    dict of str to float
        Seconds by name of the stage.
    """
    cpus = len(os.sched_getaffinity(0))
    seconds: dict[str, float] = {}
    for cost in costs:
        shared = cost.cpu_hours - cost.serial_hours
        hours = shared / cpus + cost.serial_hours + cost.gpu_hours
        seconds[cost.stage] = seconds.get(cost.stage, 0.0) + 3600 * hours
    return seconds


@dataclass(frozen=True)
class Seconds:
    """Time of a piece of work, which sums and scales.

    Attributes
    ----------
    cpu : float
        CPU seconds of reading and decoding.
    device : float
        Seconds of the network on its device.
    """

    cpu: float
    device: float

    def __mul__(self, times: float) -> "Seconds":
        return Seconds(times * self.cpu, times * self.device)

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(self.cpu + other.cpu, self.device + other.device)


def cost(what: str, stage: str, seconds: Seconds, stored: float) -> Cost:
    """Convert seconds to hours of this machine's CPUs and GPUs.

    Parameters
    ----------
    what, stage : str
        Names of the dataset or run, and of the stage.
    seconds : Seconds
        Time of the CPUs and of the network's device.
    stored : float
        Bytes.

    Returns
    -------
    Cost
        In hours.
    """
    if torch.cuda.is_available():
        return Cost(what, stage, seconds.cpu / 3600, seconds.device / 3600, stored)
    threads = torch.get_num_threads()
    return Cost(what, stage, (seconds.cpu + threads * seconds.device) / 3600, 0.0, stored)
