"""Predict the cost of the stages shard and import-shards."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import TypeAdapter

from selavi.data.index import write_index
from selavi.data.shards.writer import write_shard
from selavi.estimates.cost import Cost
from selavi.estimates.timing import cpu_seconds
from selavi.estimates.workload import Sample, VideoRate, Workload
from selavi.files import write_csv
from selavi.rate_cache import RateCache
from selavi.settings import MediaSettings

VIDEO_RATE = TypeAdapter(VideoRate)


@dataclass(frozen=True)
class ShardedSample:
    """A few videos, sharded.

    Attributes
    ----------
    index : Path
        Index of their clips.
    rate : VideoRate
        Cost of one of them.
    """

    index: Path
    rate: VideoRate


def shard_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each dataset, the normalisation of its videos, or the import of its shards.

    Subsets have no shards of their own.

    Parameters
    ----------
    workload : Workload
        The configuration, with its videos.

    Yields
    ------
    Cost
        Of one dataset.
    """
    for name, dataset in workload.config.datasets.items():
        own = [n for n, split in dataset.splits.items() if not (split.of or split.clips)]
        stored = float(sum(workload.stored[name, split] for split in own))
        sample = workload.samples.get(name)
        if sample:
            rate = _rate(sample, workload.cache)
            videos = sum(workload.videos[name, split] or 0 for split in own)
            stored += videos * rate.stored
            yield Cost(name, "shard", videos * rate.cpu_seconds / 3600, 0.0, stored)
        elif stored:
            yield Cost(name, "import-shards", 0.0, 0.0, stored)


def _rate(sample: Sample, cache: RateCache) -> VideoRate:
    return cache.get(VIDEO_RATE, ("shard", sample.key), lambda: sample.rate)


def shard_sample(rows: pd.DataFrame, media: MediaSettings, folder: Path) -> ShardedSample:
    """Shard a few videos and time it.

    Parameters
    ----------
    rows : DataFrame
        Rows of a manifest, all of shard 0.
    media : MediaSettings
        How the videos are normalised.
    folder : Path
        Where to write the shard and its index.

    Returns
    -------
    ShardedSample
        The clips and their cost.

    Raises
    ------
    UserError
        If none of the videos can be used.
    """
    manifest, tar = folder / "manifest.csv", folder / "00000.tar"
    write_csv(manifest, rows)
    before = cpu_seconds()
    write_shard(manifest, 0, tar, tar.with_suffix(".csv"), media)
    seconds = cpu_seconds() - before
    outputs = [folder / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    write_index([tar.with_suffix(".csv")], *outputs)
    return ShardedSample(outputs[0], VideoRate(seconds / len(rows), tar.stat().st_size / len(rows)))
