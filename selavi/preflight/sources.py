"""How many clips each split will have, known before anything is made, and a few of its videos."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from selavi.data.manifest import find_videos
from selavi.data.sources.demo import make_demo_dataset
from selavi.data.sources.split_files import official_videos, plain_class
from selavi.data.sources.table import listed_videos
from selavi.data.sources.video_table import read_video_table
from selavi.files import UserError
from selavi.settings import Config, DatasetSettings, parent_of, split_folder

SAMPLE = 3  # videos that stand for a split; the largest and smallest are no better guess


@dataclass(frozen=True)
class Source:
    """One split before it is made.

    videos : their number; None if nobody can tell before the shards are there. stored : bytes of
    shards made before, which are fetched and not computed.
    """

    videos: int | None
    stored: int = 0


def source_of(config: Config, name: str, split: str) -> Source:
    """Count a split's videos. Raises UserError if they, or the files that list them, are not there.

    Of a split that is chosen from shards which nobody has looked into, nobody can tell.
    """
    dataset = config.datasets[name]
    settings = dataset.splits[split]
    if dataset.embedded and not settings.of:
        made = dataset.embedded
        each = made.train_per_class if split == "train" else made.test_per_class
        return Source(made.classes * each)
    if settings.official:
        folder = _below(dataset, settings.official.folder)
        return Source(len(official_videos(folder, settings.official)))
    parent = parent_of(name, settings)
    if parent:
        rows = _videos(config.datasets[parent[0]], parent[1])
        wanted = {plain_class(label) for label in settings.classes or []}
        if rows is None:
            return Source(None)
        return Source(int(rows["label"].map(plain_class).isin(wanted).sum()))
    if settings.tars:
        local = [_below(dataset, tar) for tar in settings.sources if "://" not in tar]
        missing = [path for path in local if not path.is_file()]
        if missing:
            raise UserError(f"{missing[0]} does not exist; set the split's `tars` to your shards")
        return Source(None, sum(path.stat().st_size for path in local))
    if settings.table:
        return Source(len(read_video_table(_below(dataset, settings.table), settings.columns)))
    return Source(len(find_videos(split_folder(dataset, split), dataset.labels)))


def sample_of(dataset: DatasetSettings, split: str, scratch: Path) -> pd.DataFrame | None:
    """A few videos spread over the split, as rows of a manifest; None if it has none of its own."""
    if dataset.embedded and not dataset.splits[split].of:
        folder = Path(tempfile.mkdtemp(dir=scratch))
        make_demo_dataset(
            folder, classes=1, train_per_class=SAMPLE, test_per_class=0, bad_files=False, workers=1
        )
        rows = find_videos(folder / "train")
    else:
        found = _videos(dataset, split)
        if found is None:
            return None
        rows = found
    rows = rows[rows["reason"] == ""]
    step = max(1, len(rows) // SAMPLE)
    return rows.iloc[step // 2 :: step].head(SAMPLE).assign(shard=0)


def _videos(dataset: DatasetSettings, split: str) -> pd.DataFrame | None:
    """The videos of a split's own folder or table, as in a manifest; None if it has none now."""
    settings = dataset.splits[split]
    if settings.of or settings.tars or dataset.embedded:
        return None
    if settings.table:
        table = _below(dataset, settings.table)
        return listed_videos(
            Path(dataset.root), table, dataset.labels, settings.max_missing, settings.columns
        )
    return find_videos(split_folder(dataset, split), dataset.labels)


def _below(dataset: DatasetSettings, name: str) -> Path:
    return Path(dataset.root) / name
