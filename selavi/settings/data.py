"""Datasets: where videos come from and how they are normalised and sharded."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from selavi.files import UserError
from selavi.settings.braces import expand
from selavi.settings.presets import Preset, with_preset
from selavi.settings.section import FilePath, Name, Section, Seed


class MediaSettings(Section):
    """How videos are normalised on their way into shards."""

    short_side: int = Field(160, ge=16, le=1080, multiple_of=2)
    """Short side of stored frames, in pixels; smaller videos keep their size. Best is the largest
    that a run asks for, its video.scale_max: smaller frames are enlarged at every epoch."""
    fps: float = Field(30.0, gt=0, le=120)
    """Constant frame rate of stored videos, in frames per second."""
    keyframe_seconds: float = Field(0.5, gt=0, le=60)
    """Longest distance between keyframes, in seconds: short, so that seeking is cheap."""
    crf: int = Field(23, ge=0, le=51)
    """x264 constant rate factor; lower is better and larger."""
    audio_rate: int = Field(24_000, ge=4_000, le=48_000)
    """Sample rate of the stored mono audio, in Hz."""
    audio: Literal["required", "optional", "none"] = "required"
    """required: videos without audio are rejected; optional: they are kept, mute; none: no sound
    is stored. Training on sound needs required."""
    silent: Literal["keep", "reject"] = "keep"
    """keep: videos whose audio is silent are used, and counted in summary.csv; reject: they are
    rejected, as they teach a network that listens nothing."""
    min_seconds: float = Field(1.1, gt=0, le=3600)
    """Videos whose picture or sound is not longer than this, in seconds, are rejected."""
    timeout_seconds: float = Field(300.0, gt=0, le=86_400)
    """A video that takes ffmpeg longer than this, in seconds, is rejected."""


class OfficialSettings(Section):
    """A split as a benchmark's own files have it."""

    layout: Literal["ucf101", "hmdb51"]
    """ucf101: trainlist01.txt ... testlist03.txt and classInd.txt; hmdb51: {class}_test_split1.txt
    ... with 1 for train, 2 for test, 0 for neither."""
    folder: FilePath
    """Folder of these files, absolute or below the dataset's root."""
    fold: int = Field(ge=1, le=3)
    """Which of the three splits."""
    part: Literal["train", "test"]
    """Which part of it."""


class TableColumns(Section):
    """Names of a table's columns, where they are others; large and small letters are alike."""

    path: str | None = Field(None, min_length=1)
    """Column of the videos' paths."""
    label: str | None = Field(None, min_length=1)
    """Column of their classes."""
    start: str | None = Field(None, min_length=1)
    """Column of the segments' starts, in seconds."""
    end: str | None = Field(None, min_length=1)
    """Column of the segments' ends, in seconds."""

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        names = list(self.names.values())
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"column {twice[0]!r} is named twice; a column says one thing")
        return self

    @property
    def names(self) -> dict[str, str]:
        """The column of each role; by default it has the role's name."""
        return {role: getattr(self, role) or role for role in ("path", "label", "start", "end")}


class SplitSettings(Section):
    """One split: videos in a folder or table, shards made before, or a choice of another split."""

    folder: FilePath | None = None
    """Folder of the split's videos below the root; its own name if not given, "." for the root."""
    table: FilePath | None = None
    """A CSV of videos in place of a folder: `path`, and if wanted `label`, `start` and `end` (of a
    segment, in seconds); further columns are carried into the assignments. Paths are absolute or
    below the root, and so is the table's."""
    columns: TableColumns | None = None
    """With `table`: the names of its columns, where they are others."""
    tars: list[FilePath] | None = Field(None, min_length=1)
    """WebDataset shards in place of videos: paths or URLs, {00000..00127} counts. Shards that
    selavi made are taken as they are; videos in others are normalised."""
    of: str | None = Field(
        None, pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]*/)?[A-Za-z0-9][A-Za-z0-9_-]*$"
    )
    """Choose from this split, SPLIT of this dataset or DATASET/SPLIT, sharing its shards."""
    classes: list[str] | None = Field(None, min_length=1)
    """With `of`: the classes to take. Spaces and underscores count as the same."""
    official: OfficialSettings | None = None
    """With `of`: the videos that a benchmark's split files name."""
    shards: int = Field(8, ge=1, le=100_000)
    """Number of tar shards made of a folder or table: the unit of work, retry and resume."""
    max_missing: float = Field(0.01, ge=0, le=1)
    """Largest share of the videos named in a table or in split files that may be missing. A class
    of split files that has no clip at all stops the stage, unless this is 1."""

    @field_validator("tars")
    @classmethod
    def _braces_fit(cls, value: list[FilePath] | None) -> list[FilePath] | None:
        expand(value or [])
        return value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [n for n in ("folder", "table", "tars", "of") if getattr(self, n) is not None]
        if len(given) > 1:
            raise ValueError(f"a split has one source; {' and '.join(given)} are given")
        if self.columns is not None and self.table is None:
            raise ValueError("`columns` goes together with `table`")
        chosen = [n for n in ("classes", "official") if getattr(self, n) is not None]
        if (self.of is not None) != (len(chosen) == 1):
            raise ValueError("`of` goes together with either `classes` or `official`")
        return self

    @property
    def shards_to_import(self) -> list[str]:
        """Paths or URLs of `tars`, one by one; empty if the split has another source."""
        return expand(self.tars or [])

    @property
    def shard_count(self) -> int:
        """Number of shards."""
        return len(self.shards_to_import) or self.shards


class EmbeddedSettings(Section):
    """The dataset that selavi makes itself: moving digits with a timbre per class."""

    seed: Seed = 0
    """Seed of every picture and sound."""
    classes: int = Field(10, ge=1, le=10)
    """Number of classes."""
    train_per_class: int = Field(80, ge=1, le=100_000)
    """Training videos per class."""
    test_per_class: int = Field(20, ge=0, le=100_000)
    """Test videos per class."""


class DatasetSettings(Section):
    """A folder of videos and how to shard it."""

    root: FilePath
    """Folder of the videos, absolute or relative to where the command is run."""
    preset: Preset | None = Field(None, exclude=True)
    """Values of the keys that `media` omits, and that runs on this dataset omit (see Presets). The
    default is paper."""
    splits: dict[Name, SplitSettings] = Field(min_length=1)
    """The splits by name; a run trains on the one called train."""
    labels: Literal["folder", "none"] = "folder"
    """Where classes come from: the first folder below the split, if there are any, or nowhere."""
    media: MediaSettings = MediaSettings()
    """How videos are normalised."""
    embedded: EmbeddedSettings | None = None
    """Make the embedded dataset at the root."""

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, raw: Any) -> Any:
        return with_preset(raw, ("media",))


def find_split(dataset: DatasetSettings, split: str) -> SplitSettings:
    """A split by its name. Raises UserError naming those there are."""
    if split not in dataset.splits:
        raise UserError(f"no split {split!r}; the dataset has {', '.join(dataset.splits)}")
    return dataset.splits[split]


def parent_of(dataset: str, split: SplitSettings) -> tuple[str, str] | None:
    """Dataset and split that a split is chosen from, None if it has a source of its own."""
    if split.of is None:
        return None
    place, _, name = split.of.rpartition("/")
    return place or dataset, name
