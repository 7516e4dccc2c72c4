"""How trained runs are evaluated: baselines, degraded clips, retrieval, fine-tuning.

The defaults are the protocol of the paper (arXiv 2006.13662, section 4). A stage without `runs` is
not run.
"""

from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from selavi.settings.inputs import require_crop_fits
from selavi.settings.machine import MachineSettings
from selavi.settings.section import FilePath, LearningRate, Name, Section, Seed

EVALUATIONS = ("baselines", "degrade", "retrieval", "finetune")
"""Sections of the configuration that name the runs to evaluate."""
KNOWN = [(name, "", None) for name in ("run", "dataset", "split")]
"""Names allowed in braces in the path of a feature file."""


class BaselineSettings(Section):
    """Baselines: k-means on other features of the same clips, and chance."""

    runs: list[Name] | None = None
    """Runs to compare with, each on its own clips and with its own settings. By default every
    run."""
    supervised_weights: FilePath | None = None
    """Weights of torchvision's R(2+1)D-18 trained with labels, as a file written by torch.save.
    Without it, that row of the table says so."""
    features: dict[Name, FilePath] = Field({})
    """Feature files of your own by name, .npy or .npz. {run}, {dataset} and {split} in a path are
    replaced."""
    minibatch_above: int = Field(50_000, ge=1, le=1_000_000_000)
    """Number of clips above which k-means uses minibatches."""

    @field_validator("features")
    @classmethod
    def _known_names(cls, value: dict[Name, FilePath]) -> dict[Name, FilePath]:
        for name, pattern in value.items():
            try:
                parts = [part[1:] for part in Formatter().parse(pattern) if part[1] is not None]
            except ValueError as error:
                raise ValueError(
                    f"{name} = {pattern!r}: {error}; double a brace that is part of the path"
                ) from None
            if any(part not in KNOWN for part in parts):
                raise ValueError(
                    f"{name} = {pattern!r} names more than {{run}}, {{dataset}} and "
                    "{split}; double a brace that is part of the path"
                )
        return value


class VideoLevel(Section):
    """Video that is re-encoded at a lower quality."""

    short_side: int = Field(ge=8, le=1080, multiple_of=2)
    """Short side of the frames, in pixels."""
    crf: int = Field(ge=0, le=51)
    """x264 constant rate factor. Higher values give lower quality and smaller files."""

    @property
    def name(self) -> str:
        """Name of the level in files and tables."""
        return f"video-{self.short_side}px-crf{self.crf}"


class AudioLevel(Section):
    """Audio that is re-encoded (AAC) at a lower quality."""

    kbps: int = Field(ge=8, le=256)
    """Bit rate, in 1,000 bits per second."""
    rate: int = Field(8000, ge=8000, le=48000)
    """Sample rate of the encoded audio, in Hz."""
    snr_db: float | None = Field(None, ge=-100, le=100)
    """Signal-to-noise ratio of white noise that is added first, in decibels. By default none is
    added."""

    @property
    def name(self) -> str:
        """Name of the level in files and tables."""
        noise = "" if self.snr_db is None else f"-{self.snr_db:g}db"
        return f"audio-{self.kbps}kbps-{self.rate}hz{noise}"


class DegradeSettings(Section):
    """Evaluation on degraded clips: re-encoded at a lower quality."""

    runs: list[Name] = Field([])
    """Runs to evaluate, on their own datasets."""
    split: Name = "test"
    """The split whose clips are degraded."""
    video: list[VideoLevel] = Field(
        [
            VideoLevel(short_side=112, crf=30),
            VideoLevel(short_side=64, crf=35),
            VideoLevel(short_side=32, crf=40),
            VideoLevel(short_side=16, crf=45),
        ]
    )
    """Levels of video quality. The audio stays as it is."""
    audio: list[AudioLevel] = Field(
        [
            AudioLevel(kbps=64, rate=24000),
            AudioLevel(kbps=24, rate=16000),
            AudioLevel(kbps=12, rate=8000),
            AudioLevel(kbps=12, rate=8000, snr_db=0.0),
        ]
    )
    """Levels of audio quality. The video stays as it is."""


class TransferSettings(Section):
    """What retrieval and fine-tuning have in common: which runs, on which folds."""

    runs: list[Name] = Field([])
    """Runs to evaluate."""
    datasets: dict[Name, list[Annotated[int, Field(ge=0, le=1000)]]] = Field({})
    """Datasets and their folds. Fold n has the splits train{n} and test{n}; fold 0 has train and
    test."""
    frames: int = Field(32, ge=1, le=10_000)
    """Frames per clip."""
    clips: int = Field(10, ge=1, le=1000)
    """Clips per video, evenly spaced."""
    machine: MachineSettings = MachineSettings()
    """How the machine does the work. Omitted keys are those of the top level's `machine`."""


class RetrievalSettings(TransferSettings):
    """Video retrieval by nearest neighbours. Queries: test videos; gallery: training videos."""

    crop: int | None = Field(None, ge=8, le=4096)
    """Side of the square crop, in pixels. By default that of the run."""
    recall_at: list[Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        [1, 5, 10, 20, 50], min_length=1
    )
    """Numbers of neighbours k for recall at k: the share of queries with a video of their class
    among the k nearest."""
    batch_size: int = Field(16, ge=1, le=100_000)
    """Clips per forward pass."""
    pictures: int = Field(8, ge=0, le=1000)
    """Queries that the report shows with their neighbours."""


class FinetuneSettings(TransferSettings):
    """Action recognition: fine-tune the video encoder with a linear classifier."""

    linear_probe: bool = False
    """Train only the classifier; the encoder is frozen."""
    epochs: int = Field(12, ge=1, le=1_000_000)
    """Number of epochs, each with `clips` random clips per training video."""
    batch_size: int = Field(32, ge=2, le=100_000)
    """Clips per step, over all processes."""
    scale_min: int = Field(128, ge=8, le=4096)
    """The smallest short side that training frames are resized to, in pixels."""
    scale_max: int = Field(160, ge=8, le=4096)
    """The largest short side that training frames are resized to, in pixels."""
    crop: int = Field(128, ge=8, le=4096)
    """Side of the square crop and short side of test frames, in pixels."""
    colour: float = Field(0.4, ge=0, lt=1)
    """Strength of the colour jitter in training."""
    crops: Literal[1, 3] = 3
    """Crops per test clip: the centre, or three along the longer side."""
    head_lr: LearningRate = 0.0025
    """Initial learning rate of the classifier."""
    base_lr: LearningRate = 0.00025
    """Initial learning rate of the encoder."""
    warmup_epochs: int = Field(2, ge=0, le=1_000_000)
    """Epochs in which both learning rates rise, epoch by epoch, to warmup_factor times their
    initial values."""
    warmup_factor: float = Field(8.0, gt=0, le=1e3)
    """Learning rates after warm-up, as a multiple of their initial values."""
    decay_epochs: list[Annotated[int, Field(ge=0, le=1_000_000)]] = Field([7, 11])
    """Epochs, counted from 0, at which both learning rates are multiplied by `decay`."""
    decay: float = Field(0.05, gt=0, le=1)
    """Factor of the learning rates at each of decay_epochs."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum of stochastic gradient descent."""
    weight_decay: float = Field(0.005, ge=0, le=100)
    """Weight decay (L2 penalty)."""
    seed: Seed = 31
    """Seed of the classifier's initial weights and of all random views."""

    @model_validator(mode="after")
    def _crop_fits(self) -> Self:
        require_crop_fits(self.crop, self.scale_min, self.scale_max)
        return self

    @model_validator(mode="after")
    def _warmup_fits(self) -> Self:
        if self.warmup_epochs == 0 and self.warmup_factor != 1:
            raise ValueError(
                f"warmup_epochs = 0 begins at warmup_factor = {self.warmup_factor:g} times head_lr "
                "and base_lr; set warmup_factor: 1.0, or use warm-up epochs"
            )
        if self.warmup_epochs > self.epochs:
            raise ValueError(
                f"warmup_epochs = {self.warmup_epochs} is more than epochs = {self.epochs}; use at "
                f"most {self.epochs}"
            )
        return self
