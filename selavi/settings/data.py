"""Datasets: where videos come from and how they are normalised and sharded."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from selavi.files import UserError
from selavi.settings.section import Name, Section


class MediaSettings(Section):
    """How videos are normalised on their way into shards."""

    short_side: int = Field(128, ge=16, le=1080, multiple_of=2)
    """Short side of stored frames, in pixels; smaller videos keep their size."""
    fps: float = Field(30.0, gt=0, le=120)
    """Constant frame rate of stored videos, in frames per second."""
    keyframe_seconds: float = Field(0.5, gt=0)
    """Longest distance between keyframes, in seconds: short, so that seeking is cheap."""
    crf: int = Field(23, ge=0, le=51)
    """x264 constant rate factor; lower is better and larger."""
    audio_rate: int = Field(24_000, ge=4_000, le=48_000)
    """Sample rate of the stored mono audio, in Hz."""
    min_seconds: float = Field(1.1, gt=0)
    """Videos whose picture or sound is not longer than this, in seconds, are set aside."""
    timeout_seconds: float = Field(300.0, gt=0)
    """A video that takes ffmpeg longer than this, in seconds, is set aside."""


class SplitSettings(Section):
    """One split of a dataset."""

    folder: str | None = None
    """Folder of the split's videos below the root; its own name if not given, "." for the root."""
    shards: int = Field(8, ge=1, le=100_000)
    """Number of tar shards: the unit of work, retry and resume."""


class EmbeddedSettings(Section):
    """The dataset that selavi makes itself: moving digits with a timbre per class."""

    seed: int = Field(0, ge=0)
    """Seed of every picture and sound."""
    classes: int = Field(10, ge=1, le=10)
    """Number of classes."""
    train_per_class: int = Field(80, ge=1)
    """Training videos per class."""
    test_per_class: int = Field(20, ge=0)
    """Test videos per class."""


class DatasetSettings(Section):
    """A folder of videos and how to shard it."""

    root: str = Field(min_length=1)
    """Folder of the videos, absolute or relative to where the command is run."""
    splits: dict[Name, SplitSettings] = Field(min_length=1)
    """The splits by name; the one called train is trained on."""
    labels: Literal["folder", "none"] = "folder"
    """Where classes come from: the first folder below the split, if there are any, or nowhere."""
    media: MediaSettings = MediaSettings()
    """How videos are normalised."""
    embedded: EmbeddedSettings | None = None
    """Make the embedded dataset at the root."""

    @model_validator(mode="after")
    def _has_train(self) -> Self:
        if "train" not in self.splits:
            raise ValueError(f"splits must contain 'train'; it has {sorted(self.splits)}")
        return self


def split_folder(dataset: DatasetSettings, split: str) -> Path:
    """Folder of a split's videos."""
    if split not in dataset.splits:
        raise UserError(f"no split {split!r}; the dataset has {', '.join(dataset.splits)}")
    return Path(dataset.root) / (dataset.splits[split].folder or split)
