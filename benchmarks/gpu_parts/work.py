"""What every part is given, and what it tells."""

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
WIDENED = "even widths"  # the variant that is another network

SMALL_NETWORK = NetworkSettings(
    video_encoder="r2plus1d_narrow", audio_encoder="resnet_narrow",
    clusters=6, heads=3, hidden=16, dropout=0.0,
)  # fmt: skip
SMALL_VIDEO = VideoSettings(frames=4, fps=8.0, scale_min=32, scale_max=40, crop=32)
CLIP_BYTES = 1.6e9  # of GPU memory, that a clip of the paper's takes in float32: a first guess


@dataclass
class Work:
    """A part's orders.

    small : on tiny shapes, to see that the part works. seconds : that it may take. folder : shared
    by the parts, for files. earlier : the rows of the parts before, by part. tell : reports a row.
    """

    small: bool
    seconds: float
    folder: Path
    tell: Callable[[Row], None]
    earlier: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """The GPU, or the CPU where there is none."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def network(self) -> NetworkSettings:
        """The paper's, or a tiny one."""
        return SMALL_NETWORK if self.small else NETWORK

    @property
    def video(self) -> VideoSettings:
        """The paper's, or tiny pictures."""
        return SMALL_VIDEO if self.small else VideoSettings()

    @property
    def audio(self) -> AudioSettings:
        """The paper's, or fewer filters."""
        return AudioSettings(filters=40) if self.small else AudioSettings()

    @property
    def batch(self) -> int:
        """Clips that every variant has room for."""
        if self.small or self.device.type == "cpu":
            return 2
        room = torch.cuda.get_device_properties(self.device).total_memory / CLIP_BYTES
        return 32 if room >= 32 else 16 if room >= 16 else 8 if room >= 8 else 4

    def clips(self, count: int) -> Batch:
        """Made-up clips on the device."""
        video, audio = self.video, self.audio
        shape = (3, video.frames, video.crop, video.crop)
        return clips(count, self.device, shape, (1, audio.filters, 99))

    def fastest(self, part: str) -> Row:
        """The fastest row of an earlier part; a plain one if that part told of none."""
        plain = {"variant": "bfloat16, channels last", "batch": self.batch, "clips_per_second": 0.0}
        return fastest_of(self.earlier.get(part, [])) or plain


def about(work: Work) -> None:
    """What there is to compute with."""
    cores = len(os.sched_getaffinity(0))
    row: Row = {"device": "CPU, no GPU found", "cores": cores, "torch": torch.__version__}
    if work.device.type == "cuda":
        facts = torch.cuda.get_device_properties(work.device)
        row |= {
            "device": facts.name,
            "gib": round(facts.total_memory / 2**30, 1),
            "capability": f"{facts.major}.{facts.minor}",
            "multiprocessors": facts.multi_processor_count,
            "gpus": torch.cuda.device_count(),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    work.tell(row | {"small": work.small})


def speed_of(row: Row) -> float:
    """Clips per second of a step's row; 0 if it came to none, or to no number."""
    return 0.0 if "error" in row else float(row.get("clips_per_second", 0.0))


def fastest_of(rows: list[Row]) -> Row:
    """The row of most clips per second of the network itself; empty if there is none."""
    own = [row for row in rows if speed_of(row) and WIDENED not in row["variant"]]
    return max(own, key=speed_of, default={})


def synchronise(device: torch.device) -> None:
    """Wait for the GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def forget(device: torch.device) -> None:
    """Give back what is no longer used, and reset the peak of memory."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak_gib(device: torch.device) -> float:
    """The most memory held at once: of the GPU since `forget`, or of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def why(error: BaseException) -> str:
    """An error in a line."""
    words = str(error).strip().splitlines()
    return f"{type(error).__name__}: {words[0] if words else ''}"[:200]
