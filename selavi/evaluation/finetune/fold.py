"""The videos of a fold: those that have a class, and how fine-tuning crops them."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from selavi.data.index import rejected_note
from selavi.data.sampling import Clips
from selavi.data.schema import read_index
from selavi.files import UserError
from selavi.settings import FinetuneSettings, RunSettings, VideoSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fold:
    """Training and test videos with their classes.

    Parameters
    ----------
    train, test : Clips
        Clips of the videos.
    train_labels, test_labels : torch.Tensor
        (N,) int64, numbers of the classes.
    classes : list of str
        Names, sorted; a class's number is its index.
    note : str
        What is missing from the fold, for the table; "" for nothing.
    """

    train: Clips
    test: Clips
    train_labels: torch.Tensor
    test_labels: torch.Tensor
    classes: list[str]
    note: str


def read_fold(train: Path, test: Path, run: RunSettings, settings: FinetuneSettings) -> Fold:
    """Read the videos of a fold that have a class.

    Parameters
    ----------
    train, test : Path
        Indexes of the fold's splits.
    run : RunSettings
        Of the pretrained network.
    settings : FinetuneSettings
        Of the fine-tuning.

    Returns
    -------
    Fold
        Without the videos that have no class.

    Raises
    ------
    UserError
        If no video of a split has a class, or if the splits have no class in common.
    """
    tables = []
    for path in (train, test):
        table = read_index(path)
        table = table[table["label"] != ""].reset_index(drop=True)
        if table.empty:
            raise UserError(f"{path}: no video has a class")
        tables.append(table)
    train_classes, test_classes = (set(table["label"]) for table in tables)
    if not train_classes & test_classes:
        raise UserError(
            f"{train} and {test} have no class in common: {sorted(train_classes)[:3]} against "
            f"{sorted(test_classes)[:3]}; check how the folders, or the split files, name the "
            "classes"
        )
    missing = sorted(test_classes - train_classes)
    untaught = f"{len(missing)} classes have no training video" if missing else ""
    if missing:
        log.warning("%s: %s: %s", train, untaught, ", ".join(missing[:10]))
    note = "; ".join(filter(None, [untaught, rejected_note(test)]))
    classes = sorted(train_classes | test_classes)
    numbers = {name: number for number, name in enumerate(classes)}
    labels = [torch.tensor([numbers[name] for name in table["label"]]) for table in tables]
    clips = [
        finetune_clips(table, path, run, settings)
        for table, path in zip(tables, (train, test), strict=True)
    ]
    return Fold(clips[0], clips[1], labels[0], labels[1], classes, note)


def finetune_clips(
    table: pd.DataFrame, index: Path, run: RunSettings, settings: FinetuneSettings
) -> Clips:
    """The clips of a split, with the frames and crops of fine-tuning.

    Parameters
    ----------
    table : DataFrame
        Rows of the index.
    index : Path
        Its file; shards are relative to its folder.
    run : RunSettings
        Of the pretrained network.
    settings : FinetuneSettings
        Of the fine-tuning; they replace those of the run.

    Returns
    -------
    Clips
        Video alone.
    """
    names = ("frames", "scale_min", "scale_max", "crop", "colour")
    changes = {name: getattr(settings, name) for name in names}
    video = VideoSettings.model_validate(run.video.model_dump() | changes)
    return Clips(table, index.parent, video, run.audio, ["video"], run.max_corrupt)
