"""Which source a split has by its settings."""

from collections.abc import Mapping
from pathlib import Path

from selavi.data.sources.clip_table import ClipTable
from selavi.data.sources.demo import Demo
from selavi.data.sources.folder import Folder
from selavi.data.sources.source import Source
from selavi.data.sources.subset import Subset
from selavi.data.sources.table import Table
from selavi.data.sources.webdataset import WebDataset
from selavi.settings import DatasetSettings, find_split, parent_of


def source_of(dataset: DatasetSettings, split: str, parent: Source | None = None) -> Source:
    """The source of one split.

    Parameters
    ----------
    dataset : DatasetSettings
        The dataset of the split.
    split : str
        Name of the split.
    parent : Source, optional
        Source of the split that a subset is derived from, as far as it is known.

    Raises
    ------
    UserError
        If the dataset has no such split.
    """
    settings, root, labels = find_split(dataset, split), Path(dataset.root), dataset.labels
    if settings.of:
        return Subset(root, settings, parent)
    if settings.tars:
        return WebDataset(root, settings.shards_to_import, labels)
    if settings.clips:
        return ClipTable(root / settings.clips, labels, settings.columns)
    if settings.table:
        table = root / settings.table
        return Table(root, table, labels, settings.max_missing, settings.columns)
    folder = Folder(root / (settings.folder or split), labels)
    return Demo(folder, dataset.embedded, split) if dataset.embedded else folder


def configured_source(datasets: Mapping[str, DatasetSettings], name: str, split: str) -> Source:
    """The source of a split of one of all datasets, by their names."""
    parent = parent_of(name, find_split(datasets[name], split))
    return source_of(
        datasets[name], split, source_of(datasets[parent[0]], parent[1]) if parent else None
    )
