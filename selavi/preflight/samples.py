"""A few videos of a dataset, on which rates are measured."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from pydantic import TypeAdapter

from selavi.preflight.sources import sample_of
from selavi.preflight.timing import ShardRate, shard_rate
from selavi.rate_cache import RateCache
from selavi.settings import DatasetSettings, MediaSettings


@dataclass(frozen=True)
class StoredRate:
    """Of one video on its way into a shard: CPU seconds, and bytes stored."""

    cpu_seconds: float
    stored: float


STORED_RATE = TypeAdapter(StoredRate)


class Sample:
    """Rows of a manifest, made a shard once something is to be measured on them.

    key : what tells this sample from others, for what is measured on it.
    """

    def __init__(self, rows: pd.DataFrame, media: MediaSettings, key: str, scratch: Path) -> None:
        self._rows, self._media, self._scratch = rows, media, scratch
        self.key = key

    @classmethod
    def of(cls, dataset: DatasetSettings, scratch: Path) -> "Sample | None":
        """The sample of a dataset; None if it has no videos of its own."""
        for split in dataset.splits:
            rows = sample_of(dataset, split, scratch)
            if rows is not None:
                states = [Path(path).stat() for path in rows["path"]]
                files = [] if dataset.embedded else [(s.st_size, s.st_mtime_ns) for s in states]
                names = "" if dataset.embedded else rows.to_csv(index=False)
                return cls(rows, dataset.media, repr((dataset.media, names, files)), scratch)
        return None

    @cached_property
    def _sharded(self) -> ShardRate:
        return shard_rate(self._rows, self._media, self._scratch)

    @property
    def index(self) -> Path:
        """The index of its clips. Raises UserError if none of the videos can be used."""
        return self._sharded.index

    def rate(self, cache: RateCache) -> StoredRate:
        """What a video takes on its way into a shard."""

        def measure() -> StoredRate:
            return StoredRate(self._sharded.cpu_seconds, self._sharded.stored)

        return cache.get(STORED_RATE, ("shard", self.key), measure)
