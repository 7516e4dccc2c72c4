"""Options, reports and helpers that all parts share."""

import gc
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from bench_step import NETWORK, clips
from selavi.batch import Batch
from selavi.settings import AudioSettings, NetworkSettings, VideoSettings

Row = dict[str, Any]
WIDENED = "even widths"  # this variant is another network

SMALL_NETWORK = NetworkSettings(
    video_encoder="r2plus1d_narrow", audio_encoder="resnet_narrow",
    clusters=6, heads=3, hidden=16, dropout=0.0,
)  # fmt: skip
SMALL_VIDEO = VideoSettings(frames=4, fps=8.0, scale_min=32, scale_max=40, crop=32)
CLIP_BYTES = 1.6e9  # rough GPU memory per clip of the paper's size, in float32


@dataclass
class Work:
    """Options of a part.

    Attributes
    ----------
    small : bool
        Whether to use tiny shapes, as a smoke test.
    seconds : float
        Time limit.
    folder : Path
        For files; shared by all parts.
    tell : callable
        Reports a row.
    earlier : dict of str to list of dict
        Rows of earlier parts, by part.
    """

    small: bool
    seconds: float
    folder: Path
    tell: Callable[[Row], None]
    earlier: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """The GPU if there is one, else the CPU."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def network(self) -> NetworkSettings:
        """The paper's network, or a tiny one."""
        return SMALL_NETWORK if self.small else NETWORK

    @property
    def video(self) -> VideoSettings:
        """The paper's clips, or tiny ones."""
        return SMALL_VIDEO if self.small else VideoSettings()

    @property
    def audio(self) -> AudioSettings:
        """The paper's spectrograms, or fewer filters."""
        return AudioSettings(filters=40) if self.small else AudioSettings()

    @property
    def batch(self) -> int:
        """Batch size that fits the memory in every variant."""
        if self.small or self.device.type == "cpu":
            return 2
        capacity = torch.cuda.get_device_properties(self.device).total_memory / CLIP_BYTES
        return 32 if capacity >= 32 else 16 if capacity >= 16 else 8 if capacity >= 8 else 4

    def clips(self, count: int) -> Batch:
        """Random clips on the device."""
        video, audio = self.video, self.audio
        shape = (3, video.frames, video.crop, video.crop)
        return clips(count, self.device, shape, (1, audio.filters, 99))

    def fastest(self, part: str) -> Row:
        """The fastest row of an earlier part; a default if it reported none."""
        default = {
            "variant": "bfloat16, channels last",
            "batch": self.batch,
            "clips_per_second": 0.0,
        }
        return fastest_of(self.earlier.get(part, [])) or default


def about(work: Work) -> None:
    """Report the hardware."""
    cores = len(os.sched_getaffinity(0))
    row: Row = {"device": "CPU, no GPU found", "cores": cores, "torch": torch.__version__}
    if work.device.type == "cuda":
        gpu = torch.cuda.get_device_properties(work.device)
        row |= {
            "device": gpu.name,
            "gib": round(gpu.total_memory / 2**30, 1),
            "capability": f"{gpu.major}.{gpu.minor}",
            "multiprocessors": gpu.multi_processor_count,
            "gpus": torch.cuda.device_count(),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    work.tell(row | {"small": work.small})


def speed_of(row: Row) -> float:
    """Clips per second of a row of a step; 0 if it has an error."""
    return 0.0 if "error" in row else float(row.get("clips_per_second", 0.0))


def fastest_of(rows: list[Row]) -> Row:
    """The fastest row, without `even widths`; empty if there is none."""
    own = [row for row in rows if speed_of(row) and WIDENED not in row["variant"]]
    return max(own, key=speed_of, default={})


def synchronise(device: torch.device) -> None:
    """Wait for the GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def forget(device: torch.device) -> None:
    """Free unused memory and reset the peak."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak_gib(device: torch.device) -> float:
    """Peak memory: of the GPU since `forget`, or of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def why(error: BaseException) -> str:
    """An error as one line of text."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:200]
