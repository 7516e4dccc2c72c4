"""What one clip costs on this machine, measured by doing it: shard, decode, train, look."""

import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn

from selavi.batch import Batch
from selavi.data.index import write_index
from selavi.data.sampling import open_clips, pass_batches
from selavi.data.shards.writer import write_shard
from selavi.files import write_csv
from selavi.models.checkpoint import build_network
from selavi.models.precision import expects_bfloat16
from selavi.preflight.costs import Seconds
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
    """Of one clip: to train on it, or to look at it.

    parameters : bytes of the weights. features : bytes kept of a clip for labelling.
    """

    train: Seconds
    look: Seconds
    parameters: int
    features: int


def shard_rate(rows: pd.DataFrame, media: MediaSettings, scratch: Path) -> ShardRate:
    """Shard a few videos (rows of a manifest). Raises UserError if none of them can be used."""
    manifest, tar = scratch / "manifest.csv", scratch / "00000.tar"
    write_csv(manifest, rows)
    before = cpu_seconds()
    write_shard(manifest, 0, tar, tar.with_suffix(".csv"), media)
    seconds = cpu_seconds() - before
    outputs = [scratch / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    write_index([tar.with_suffix(".csv")], *outputs)
    return ShardRate(seconds / len(rows), tar.stat().st_size / len(rows), outputs[0])


def clip_rate(index: Path, run: RunSettings) -> ClipRate:
    """Decode the clips of a small index, and take steps of the run's network on them."""
    clips = open_clips(index, run)
    batch, decode = decoded(
        lambda turn: pass_batches(clips, batch_size=len(clips), augmented=(run.seed, turn))
    )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = build_network(run).to(device)
    bfloat16 = expects_bfloat16(run.machine.precision, device)

    def logits(batch: Batch) -> Tensor:
        return torch.stack([rows.float().mean() for rows in network(batch, bfloat16)[1].values()])

    width = sum(rows.shape[1] for rows in network.eval()(batch.to(device), bfloat16)[0].values())
    return ClipRate(
        Seconds(decode / len(clips), training_seconds(network, logits, batch)),
        Seconds(decode / len(clips), looking_seconds(network, logits, batch)),
        4 * sum(p.numel() for p in network.parameters()),
        4 * width,
    )


def decoded(make: Callable[[int], Iterable[Batch]]) -> tuple[Batch, float]:
    """The first batch of those that `make` gives, and the CPU seconds that they all take.

    `make` is called twice, with 0 and 1: the first turn compiles and fills caches, and does not
    count.
    """
    for turn in range(2):
        before = cpu_seconds()
        batches = list(make(turn))
    return batches[0], cpu_seconds() - before


def training_seconds(network: nn.Module, run: Callable[[Batch], Tensor], batch: Batch) -> float:
    """Seconds of a step per clip, on the network's device; `run` is its forward pass."""
    network.train()
    shown = _enlarged(batch, network)

    def step() -> None:
        network.zero_grad()
        run(shown).sum().backward()

    return _seconds(step) / len(shown.sample)


def looking_seconds(network: nn.Module, run: Callable[[Batch], object], batch: Batch) -> float:
    """Seconds of a forward pass per clip, in evaluation mode."""
    network.eval()
    shown = _enlarged(batch, network)

    def step() -> None:
        with torch.inference_mode():
            run(shown)

    return _seconds(step) / len(shown.sample)


def cpu_seconds() -> float:
    """CPU time of this process and of those it started and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _enlarged(batch: Batch, network: nn.Module) -> Batch:
    """The clips of a batch again and again, until the network's device has enough of them."""
    device = next(network.parameters()).device
    size = GPU_BATCH if device.type == "cuda" else 2
    return batch.pick(torch.arange(size) % len(batch.sample)).to(device)


def _seconds(step: Callable[[], None]) -> float:
    """Mean time of a step. The first counts only if it is long: then what comes once is little."""
    first = _timed(step)
    if first > LEAST_SECONDS:
        return first
    started, steps = time.monotonic(), 0
    while steps == 0 or time.monotonic() - started < LEAST_SECONDS:
        _timed(step)
        steps += 1
    return (time.monotonic() - started) / steps


def _timed(step: Callable[[], None]) -> float:
    started = time.monotonic()
    step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.monotonic() - started
