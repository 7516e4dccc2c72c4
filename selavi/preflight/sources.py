"""How many clips each split will have, known before anything is made, and a few of its videos."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from selavi.data.sources.factory import configured_source, source_of
from selavi.data.sources.source import VideoSource
from selavi.settings import Config, DatasetSettings

SAMPLE = 3  # videos that stand for a split; the largest and smallest are no better guess


@dataclass(frozen=True)
class SplitSize:
    """One split before it is made.

    Parameters
    ----------
    videos : int or None
        Their number; None if unknown before the shards are there.
    stored : int
        Bytes of shards made before, which are imported and not made.
    """

    videos: int | None
    stored: int


def split_size(config: Config, name: str, split: str) -> SplitSize:
    """Count a split's videos. Raises UserError if they, or the files that list them, are absent."""
    source = configured_source(config.datasets, name, split)
    return SplitSize(source.count(), source.stored())


def sample_of(dataset: DatasetSettings, split: str, scratch: Path) -> pd.DataFrame | None:
    """A few videos spread over the split, as rows of a manifest; None if it has none of its own."""
    source = source_of(dataset, split)
    if not isinstance(source, VideoSource):
        return None
    rows = source.examples(SAMPLE, scratch)
    rows = rows[rows["reason"] == ""]
    step = max(1, len(rows) // SAMPLE)
    return rows.iloc[step // 2 :: step].head(SAMPLE).assign(shard=0)
