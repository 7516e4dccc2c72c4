"""What one clip costs on this machine, measured by doing it: shard, decode, train, look."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from selavi.data.index import read_index, write_index
from selavi.data.loader import Clips, pass_batches
from selavi.data.shards import write_shard
from selavi.files import write_csv
from selavi.models.checkpoint import build_network
from selavi.records import Batch
from selavi.settings import MediaSettings, RunSettings

LEAST_SECONDS = 1.0  # of repeated steps, for a figure that is more than noise
GPU_BATCH = 16


@dataclass(frozen=True)
class ShardRate:
    """Of one video on its way into a shard: CPU seconds and bytes stored, and the index made."""

    cpu_seconds: float
    stored: float
    index: Path


@dataclass(frozen=True)
class ClipRate:
    """Of one clip: CPU seconds to decode it, seconds of the device to train on it, or look at it.

    parameters : bytes of the weights. features : bytes kept of a clip for labelling.
    """

    decode: float
    train: float
    look: float
    parameters: int
    features: int


def shard_rate(rows: pd.DataFrame, media: MediaSettings, scratch: Path) -> ShardRate:
    """Shard a few videos (rows of a manifest). Raises UserError if none of them can be used."""
    manifest, tar = scratch / "manifest.csv", scratch / "00000.tar"
    write_csv(manifest, rows)
    before = _cpu_seconds()
    write_shard(manifest, 0, tar, tar.with_suffix(".csv"), media)
    seconds = _cpu_seconds() - before
    outputs = [scratch / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    write_index([tar.with_suffix(".csv")], *outputs)
    return ShardRate(seconds / len(rows), tar.stat().st_size / len(rows), outputs[0])


def clip_rate(index: Path, run: RunSettings) -> ClipRate:
    """Decode the clips of a small index, and take steps of the run's network on them."""
    clips = Clips(read_index(index), index.parent, run.video, run.audio)
    for turn in range(2):  # the first compiles and fills caches: it does not count
        before = _cpu_seconds()
        batches = list(pass_batches(clips, batch_size=len(clips), augmented=(run.seed, turn)))
    decode = (_cpu_seconds() - before) / len(clips)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    batch = _enlarged(batches[0], GPU_BATCH if device.type == "cuda" else 2).to(device)
    network = build_network(run).to(device).train()
    bfloat16 = run.training.precision == "bfloat16"

    def train() -> None:
        _, logits = network(batch, bfloat16)
        network.zero_grad()
        torch.stack([rows.float().mean() for rows in logits.values()]).sum().backward()

    def look() -> None:
        with torch.no_grad():
            network(batch, bfloat16)

    width = sum(rows.shape[1] for rows in network(batch, bfloat16)[0].values())
    count = len(batch.sample)
    return ClipRate(
        decode,
        _seconds(train, device) / count,
        _seconds(look, device) / count,
        4 * sum(p.numel() for p in network.parameters()),
        4 * width,
    )


def _enlarged(batch: Batch, size: int) -> Batch:
    """The clips of a batch again and again, until there are `size`."""
    which = torch.arange(size) % len(batch.sample)
    return Batch(batch.sample[which], batch.of("video")[which], batch.of("audio")[which])


def _seconds(step: Callable[[], None], device: torch.device) -> float:
    """Mean time of a step, after one that does not count."""
    step()
    started, steps = time.monotonic(), 0
    while steps == 0 or time.monotonic() - started < LEAST_SECONDS:
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        steps += 1
    return (time.monotonic() - started) / steps


def _cpu_seconds() -> float:
    """CPU time of this process and of those it started and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
