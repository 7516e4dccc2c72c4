"""A few videos of a dataset, on which rates are measured."""

from functools import cached_property
from pathlib import Path

import pandas as pd

from selavi.data.shards.cost import ShardedSample, shard_sample
from selavi.data.sources.factory import source_of
from selavi.data.sources.source import VideoSource
from selavi.estimates.workload import VideoRate
from selavi.settings import DatasetSettings, MediaSettings

SAMPLE = 3  # videos that stand for a split; the largest and smallest are no better guess


class VideoSample:
    """Rows of a manifest, sharded once something is to be measured on them.

    Parameters
    ----------
    rows : DataFrame
        Some rows of the manifest.
    media : MediaSettings
        How the videos are normalised.
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
            source = source_of(dataset, split)
            if isinstance(source, VideoSource):
                rows = sample_of(source, folder)
                states = [Path(path).stat() for path in rows["path"]]
                files = [] if source.generated else [(s.st_size, s.st_mtime_ns) for s in states]
                names = "" if source.generated else rows.to_csv(index=False)
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


def sample_of(source: VideoSource, scratch: Path) -> pd.DataFrame:
    """A few videos spread over the source, as rows of a manifest, all of shard 0."""
    rows = source.examples(SAMPLE, scratch)
    rows = rows[rows["reason"] == ""]
    step = max(1, len(rows) // SAMPLE)
    return rows.iloc[step // 2 :: step].head(SAMPLE).assign(shard=0)
