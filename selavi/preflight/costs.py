"""The cost of a stage: hours and bytes."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Cost:
    """Of one stage for one dataset or run: hours, and bytes that stay on the disk.

    Where this machine has no GPU, the network's time is CPU time.
    """

    what: str
    stage: str
    cpu_hours: float
    gpu_hours: float
    stored: float


@dataclass(frozen=True)
class Seconds:
    """Of CPU for reading and decoding, and of the device for the network's part."""

    cpu: float
    device: float

    def __mul__(self, times: float) -> "Seconds":
        return Seconds(times * self.cpu, times * self.device)

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(self.cpu + other.cpu, self.device + other.device)


def cost(what: str, stage: str, seconds: Seconds, stored: float) -> Cost:
    """Seconds told as hours of what this machine has."""
    if torch.cuda.is_available():
        return Cost(what, stage, seconds.cpu / 3600, seconds.device / 3600, stored)
    threads = torch.get_num_threads()
    return Cost(what, stage, (seconds.cpu + threads * seconds.device) / 3600, 0.0, stored)
