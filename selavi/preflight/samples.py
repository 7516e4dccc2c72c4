"""A few videos of a dataset, on which rates are measured."""

from functools import cached_property
from pathlib import Path

import pandas as pd

from selavi.data.shards.cost import ShardedSample, shard_sample
from selavi.estimates.workload import VideoRate
from selavi.preflight.sources import sample_of
from selavi.settings import DatasetSettings, MediaSettings


class VideoSample:
    """Rows of a manifest, sharded once something is to be measured on them.

    Parameters
    ----------
    rows : DataFrame
    media : MediaSettings
    key : str
        Identifies the sample; part of the key of every rate that is measured on it.
    folder : Path
        Where to write the shard.
    """

    def __init__(self, rows: pd.DataFrame, media: MediaSettings, key: str, folder: Path) -> None:
        self._rows, self._media, self._folder = rows, media, folder
        self.key = key

    @classmethod
    def of(cls, dataset: DatasetSettings, folder: Path) -> "VideoSample | None":
        """Sample a dataset; None if it has no videos of its own."""
        for split in dataset.splits:
            rows = sample_of(dataset, split, folder)
            if rows is not None:
                states = [Path(path).stat() for path in rows["path"]]
                files = [] if dataset.embedded else [(s.st_size, s.st_mtime_ns) for s in states]
                names = "" if dataset.embedded else rows.to_csv(index=False)
                return cls(rows, dataset.media, repr((dataset.media, names, files)), folder)
        return None

    @cached_property
    def _sharded(self) -> ShardedSample:
        return shard_sample(self._rows, self._media, self._folder)

    @property
    def index(self) -> Path:
        """Index of its clips. Raises UserError if none of the videos can be used."""
        return self._sharded.index

    @property
    def rate(self) -> VideoRate:
        """Measured rate of its videos."""
        return self._sharded.rate
