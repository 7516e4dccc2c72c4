"""Datasets: where videos come from and how they are normalised and sharded."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from selavi.files import UserError
from selavi.settings.braces import expand
from selavi.settings.encoders import FeatureFiles
from selavi.settings.presets import Preset, with_preset
from selavi.settings.section import FilePath, Name, Section, Seed


class MediaSettings(Section):
    """How videos are normalised and stored in shards."""

    short_side: int = Field(160, ge=16, le=1080, multiple_of=2)
    """Short side of stored frames, in pixels. Smaller videos keep their size. Use the largest
    video.scale_max of the runs: smaller frames are enlarged in every epoch."""
    fps: float = Field(30.0, gt=0, le=120)
    """Constant frame rate of the stored video, in frames per second."""
    keyframe_seconds: float = Field(0.5, gt=0, le=60)
    """Longest distance between keyframes, in seconds. Short distances make seeking cheap."""
    crf: int = Field(23, ge=0, le=51)
    """x264 constant rate factor. Lower values give higher quality and larger files."""
    audio_rate: int = Field(24_000, ge=4_000, le=48_000)
    """The sample rate of the stored mono audio, in Hz."""
    video: Literal["required", "optional"] = "required"
    """required: files without video are rejected. optional: files, and segments, with audio alone
    are accepted and stored without video. Training on video needs required."""
    audio: Literal["required", "optional", "none"] = "required"
    """required: videos without audio are rejected. optional: they are accepted and stored without
    audio. none: no audio is stored. Training on audio needs required."""
    silent: Literal["keep", "reject"] = "keep"
    """keep: videos with silent audio are accepted; summary.csv counts them. reject: they are
    rejected, since a network learns nothing from their audio."""
    min_seconds: float = Field(1.1, gt=0, le=3600)
    """Videos are rejected if their video or audio is not longer than this, in seconds."""
    timeout_seconds: float = Field(300.0, gt=0, le=86_400)
    """A video is rejected if ffmpeg takes longer than this, in seconds."""

    @model_validator(mode="after")
    def _something_is_stored(self) -> Self:
        if self.video == "optional" and self.audio == "none":
            raise ValueError("video: optional accepts audio alone, and audio: none stores none")
        return self


class OfficialSettings(Section):
    """A split from a benchmark's own split files."""

    layout: Literal["ucf101", "hmdb51"]
    """ucf101: trainlist01.txt ... testlist03.txt and classInd.txt. hmdb51: {class}_test_split1.txt
    ..., with 1 for train, 2 for test, 0 for neither."""
    folder: FilePath
    """Folder of these files, absolute or relative to the dataset's root."""
    fold: int = Field(ge=1, le=3)
    """Number of the fold, 1 to 3."""
    part: Literal["train", "test"]
    """Part of the fold."""


class TableColumns(Section):
    """Names of the columns of a table, if they differ from the role's. Case is ignored."""

    path: str | None = Field(None, min_length=1)
    """Column with the videos' paths."""
    label: str | None = Field(None, min_length=1)
    """Column with their classes."""
    start: str | None = Field(None, min_length=1)
    """Column with the starts of segments, in seconds."""
    end: str | None = Field(None, min_length=1)
    """Column with the ends of segments, in seconds."""

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        names = list(self.names.values())
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(
                f"column {twice[0]!r} is named twice; each role needs a column of its own"
            )
        return self

    @property
    def names(self) -> dict[str, str]:
        """The column of each role, by default of the role's name."""
        return {role: getattr(self, role) or role for role in ("path", "label", "start", "end")}


class SplitSettings(Section):
    """One split: the videos of a folder or table, existing shards, or a subset of another split."""

    folder: FilePath | None = None
    """Folder of the split's videos, relative to the root. The default is the split's name; "." is
    the root."""
    table: FilePath | None = None
    """A CSV of videos instead of a folder: `path`, and optionally `label`, `start` and `end` (of a
    segment, in seconds). Additional columns are copied into the assignments. Paths, also the
    table's own, are absolute or relative to the root."""
    columns: TableColumns | None = None
    """With `table` or `clips`: the names of its columns, if they differ. `path` is the column of
    paths, or of the clips' keys."""
    tars: list[FilePath] | None = Field(None, min_length=1)
    """WebDataset shards instead of videos: paths or URLs; {00000..00127} counts. Shards that
    selavi made are used unchanged; the videos in other shards are normalised."""
    clips: FilePath | None = None
    """A CSV of clips without media: `key`, and optionally `label`. Additional columns are copied
    into the assignments. Only for runs on given features. The path is absolute or relative to the
    root."""
    of: str | None = Field(
        None, pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]*/)?[A-Za-z0-9][A-Za-z0-9_-]*$"
    )
    """Make a subset of this split, SPLIT of this dataset or DATASET/SPLIT. It shares that split's
    shards."""
    classes: list[str] | None = Field(None, min_length=1)
    """With `of`: the classes of the subset. Spaces and underscores are equal."""
    official: OfficialSettings | None = None
    """With `of`: the videos listed in a benchmark's split files."""
    shards: int = Field(8, ge=1, le=100_000)
    """Number of tar shards made from a folder or table. A shard is the unit of work, retry and
    resume."""
    max_missing: float = Field(0.01, ge=0, le=1)
    """Largest share of the videos listed in a table or in split files that may be missing. The
    stage also fails if a class of the split files has no clip at all, unless this is 1."""

    @field_validator("tars")
    @classmethod
    def _braces_fit(cls, value: list[FilePath] | None) -> list[FilePath] | None:
        expand(value or [])
        return value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [
            n for n in ("folder", "table", "tars", "clips", "of") if getattr(self, n) is not None
        ]
        if len(given) > 1:
            raise ValueError(
                f"a split has one source; {' and '.join(given)} are given; keep one of them"
            )
        if self.columns is not None and self.table is None and self.clips is None:
            raise ValueError("`columns` goes together with `table` or `clips`")
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
        """Number of the split's shards."""
        return len(self.shards_to_import) or self.shards


class EmbeddedSettings(Section):
    """The dataset that selavi generates itself: moving digits with a timbre per class."""

    seed: Seed = 0
    """Seed of all generated videos."""
    classes: int = Field(10, ge=1, le=10)
    """Number of classes."""
    train_per_class: int = Field(80, ge=1, le=100_000)
    """Training videos per class."""
    test_per_class: int = Field(20, ge=0, le=100_000)
    """Test videos per class."""


class DatasetSettings(Section):
    """A dataset: a folder of videos and how to store them in shards."""

    root: FilePath
    """Folder of the videos, absolute or relative to the working directory."""
    preset: Preset | None = Field(None, exclude=True)
    """Values of the keys that `media` omits, and that runs on this dataset omit (see Presets). The
    default is paper."""
    splits: dict[Name, SplitSettings] = Field(min_length=1)
    """The splits by name. A run trains on the split called train."""
    labels: Literal["folder", "none"] = "folder"
    """folder: the class is the first folder below the split, if there are folders. none: videos
    have no class."""
    media: MediaSettings = MediaSettings()
    """How videos are normalised and stored."""
    embedded: EmbeddedSettings | None = None
    """Generate the embedded dataset in the root."""
    features: FeatureFiles | None = None
    """Features of the clips that were made elsewhere, for runs with a frozen encoder."""

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, raw: Any) -> Any:
        return with_preset(raw, ("media",))


def find_split(dataset: DatasetSettings, split: str) -> SplitSettings:
    """A split by its name.

    Parameters
    ----------
    dataset : DatasetSettings
        The dataset.
    split : str
        The split's name.

    Returns
    -------
    SplitSettings
        The split.

    Raises
    ------
    UserError
        If there is no such split; the message names those that exist.
    """
    if split not in dataset.splits:
        raise UserError(f"no split {split!r}; the dataset has {', '.join(dataset.splits)}")
    return dataset.splits[split]


def parent_of(dataset: str, split: SplitSettings) -> tuple[str, str] | None:
    """The split that a split is a subset of.

    Parameters
    ----------
    dataset : str
        Name of the split's dataset.
    split : SplitSettings
        The split.

    Returns
    -------
    tuple of str, optional
        Dataset and split; None if the split has a source of its own.
    """
    if split.of is None:
        return None
    place, _, name = split.of.rpartition("/")
    return place or dataset, name
