"""How many clips each split will have, known before anything is made, and a few of its videos."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from selavi.data.demo import make_demo_dataset
from selavi.data.lists import read_video_table
from selavi.data.manifest import find_videos, listed_videos
from selavi.files import UserError
from selavi.settings import DatasetSettings, split_folder

SAMPLE = 3  # videos that stand for a split; the largest and smallest are no better guess


@dataclass(frozen=True)
class Source:
    """One split before it is made.

    videos : their number; None if nobody can tell before the shards are there. stored : bytes of
    shards made before, which are fetched and not computed.
    """

    videos: int | None
    stored: int = 0


def source_of(dataset: DatasetSettings, split: str) -> Source:
    """Count a split's videos. Raises UserError if they are not there."""
    settings = dataset.splits[split]
    if dataset.embedded:
        made = dataset.embedded
        each = made.train_per_class if split == "train" else made.test_per_class
        return Source(made.classes * each)
    if settings.of:
        return Source(None)
    if settings.tars:
        local = [Path(tar) for tar in settings.sources if "://" not in tar]
        missing = [path for path in local if not path.is_file()]
        if missing:
            raise UserError(f"{missing[0]} does not exist; set the split's `tars` to your shards")
        return Source(None, sum(path.stat().st_size for path in local))
    if settings.table:
        return Source(len(read_video_table(_below(dataset, settings.table))))
    return Source(len(find_videos(split_folder(dataset, split), dataset.labels)))


def sample_of(dataset: DatasetSettings, split: str, scratch: Path) -> pd.DataFrame | None:
    """A few videos spread over the split, as rows of a manifest; None if it has none of its own."""
    settings = dataset.splits[split]
    if settings.of or settings.tars:
        return None
    if dataset.embedded:
        folder = Path(tempfile.mkdtemp(dir=scratch))
        make_demo_dataset(
            folder, classes=1, train_per_class=SAMPLE, test_per_class=0, bad_files=False, workers=1
        )
        rows = find_videos(folder / "train")
    elif settings.table:
        table = _below(dataset, settings.table)
        rows = listed_videos(Path(dataset.root), table, dataset.labels, settings.max_missing)
    else:
        rows = find_videos(split_folder(dataset, split), dataset.labels)
    rows = rows[rows["reason"] == ""]
    step = max(1, len(rows) // SAMPLE)
    return rows.iloc[step // 2 :: step].head(SAMPLE).assign(shard=0)


def _below(dataset: DatasetSettings, name: str) -> Path:
    return Path(dataset.root) / name
