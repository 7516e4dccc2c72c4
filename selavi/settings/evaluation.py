"""How trained runs are judged: baselines, degraded clips, retrieval, finetuning.

Defaults are the protocol of the paper and its release (arXiv 2006.13662, section 4); a stage
without `runs` is not run.
"""

from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from selavi.settings.machine import MachineSettings
from selavi.settings.section import FilePath, LearningRate, Name, Section, Seed

KNOWN = [(name, "", None) for name in ("run", "dataset", "split")]
"""What the path of a feature file may name: no attributes, conversions or widths."""


class BaselineSettings(Section):
    """k-means on features of other networks, beside the clusters of a run."""

    runs: list[Name] | None = None
    """Runs to compare with, each beside its own clips and settings; every run if not given."""
    supervised_weights: FilePath | None = None
    """Weights of torchvision's R(2+1)D-18 trained with labels, a file of torch.save; the row says
    that it was not run without them."""
    features: dict[Name, FilePath] = Field({})
    """Feature files of your own by name, .npy or .npz; {run}, {dataset} and {split} in a path are
    filled in."""
    minibatch_above: int = Field(50_000, ge=1, le=1_000_000_000)
    """Clips above which k-means takes minibatches."""

    @field_validator("features")
    @classmethod
    def _known_names(cls, value: dict[Name, FilePath]) -> dict[Name, FilePath]:
        for name, pattern in value.items():
            try:
                parts = [part[1:] for part in Formatter().parse(pattern) if part[1] is not None]
            except ValueError as error:
                raise ValueError(
                    f"{name} = {pattern!r}: {error}; write a brace of the path itself twice"
                ) from None
            if any(part not in KNOWN for part in parts):
                raise ValueError(
                    f"{name} = {pattern!r} names something else than {{run}}, {{dataset}} and "
                    "{split}; write a brace of the path itself twice"
                )
        return value


class VideoLevel(Section):
    """Pictures encoded again at a lower quality."""

    short_side: int = Field(ge=8, le=1080, multiple_of=2)
    """Short side of the pictures, in pixels."""
    crf: int = Field(ge=0, le=51)
    """x264 constant rate factor; higher is worse and smaller."""

    @property
    def name(self) -> str:
        """Names the level in files and tables."""
        return f"video-{self.short_side}px-crf{self.crf}"


class AudioLevel(Section):
    """Sound encoded again (AAC) at a lower quality."""

    kbps: int = Field(ge=8, le=256)
    """Bit rate, in thousands of bits per second."""
    rate: int = Field(8000, ge=8000, le=48000)
    """Sample rate of the encoded sound, in Hz."""
    snr_db: float | None = Field(None, ge=-100, le=100)
    """White noise is added first, weaker than the sound by so many decibels; none if not given."""

    @property
    def name(self) -> str:
        """Names the level in files and tables."""
        noise = "" if self.snr_db is None else f"-{self.snr_db:g}db"
        return f"audio-{self.kbps}kbps-{self.rate}hz{noise}"


class DegradeSettings(Section):
    """Clusters of clips whose picture or sound has been degraded."""

    runs: list[Name] = Field([])
    """Runs to judge, on their own datasets."""
    split: Name = "test"
    """Split whose clips are degraded."""
    video: list[VideoLevel] = Field(
        [
            VideoLevel(short_side=112, crf=30),
            VideoLevel(short_side=64, crf=35),
            VideoLevel(short_side=32, crf=40),
            VideoLevel(short_side=16, crf=45),
        ]
    )
    """Levels of the picture, one after the other; the sound is left as it is."""
    audio: list[AudioLevel] = Field(
        [
            AudioLevel(kbps=64, rate=24000),
            AudioLevel(kbps=24, rate=16000),
            AudioLevel(kbps=12, rate=8000),
            AudioLevel(kbps=12, rate=8000, snr_db=0.0),
        ]
    )
    """Levels of the sound, one after the other; the picture is left as it is."""


class TransferSettings(Section):
    """What retrieval and finetuning have in common: which runs, on which folds."""

    runs: list[Name] = Field([])
    """Runs to judge."""
    datasets: dict[Name, list[Annotated[int, Field(ge=0, le=1000)]]] = Field({})
    """Datasets and their folds: fold n is of the splits train{n} and test{n}, fold 0 of train and
    test."""
    frames: int = Field(32, ge=1, le=10_000)
    """Frames of a clip."""
    clips: int = Field(10, ge=1, le=1000)
    """Clips of a video, evenly spread over it."""
    machine: MachineSettings = MachineSettings()
    """How the machine does the work, where it differs from the configuration's `machine`."""


class RetrievalSettings(TransferSettings):
    """Nearest neighbours: test videos ask, training videos answer."""

    crop: int | None = Field(None, ge=8, le=4096)
    """Side of the square crop, in pixels; that of the run if not given."""
    recall_at: list[Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        [1, 5, 10, 20, 50], min_length=1
    )
    """Numbers of neighbours among which one of the same class is looked for."""
    batch_size: int = Field(16, ge=1, le=100_000)
    """Clips encoded at a time."""
    pictures: int = Field(8, ge=0, le=1000)
    """Queries drawn with their neighbours for the report."""


class FinetuneSettings(TransferSettings):
    """Action recognition: the video encoder trained on with a linear classifier."""

    linear_probe: bool = False
    """Train the classifier alone, the encoder stays as it is."""
    epochs: int = Field(12, ge=1, le=1_000_000)
    """Epochs of `clips` random clips per training video."""
    batch_size: int = Field(32, ge=2, le=100_000)
    """Clips per step, all processes together."""
    scale_min: int = Field(128, ge=8, le=4096)
    """Smallest short side that training frames are resized to, in pixels."""
    scale_max: int = Field(160, ge=8, le=4096)
    """Largest short side that training frames are resized to, in pixels."""
    crop: int = Field(128, ge=8, le=4096)
    """Side of the square crop, and short side of test frames, in pixels."""
    colour: float = Field(0.4, ge=0, lt=1)
    """Strength of the colour jitter of training clips."""
    crops: Literal[1, 3] = 3
    """Crops of each test clip: its centre, or three along its longer side."""
    head_lr: LearningRate = 0.0025
    """Learning rate of the classifier in the first epoch."""
    base_lr: LearningRate = 0.00025
    """Learning rate of the encoder in the first epoch."""
    warmup_epochs: int = Field(2, ge=0, le=1_000_000)
    """Epochs in which both rates grow, epoch by epoch, to warmup_factor times the first."""
    warmup_factor: float = Field(8.0, gt=0, le=1e3)
    """Rates after warm-up, as multiples of the first."""
    decay_epochs: list[Annotated[int, Field(ge=0, le=1_000_000)]] = Field([7, 11])
    """Epochs, counted from 0, from which on both rates are `decay` times as large."""
    decay: float = Field(0.05, gt=0, le=1)
    """Factor of the rates at each of decay_epochs."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum."""
    weight_decay: float = Field(0.005, ge=0, le=100)
    """Weight decay."""
    seed: Seed = 31
    """Seed of the classifier's first weights and of all random views."""

    @model_validator(mode="after")
    def _crop_fits(self) -> Self:
        if not self.crop <= self.scale_min <= self.scale_max:
            raise ValueError(
                f"crop = {self.crop}, scale_min = {self.scale_min}, scale_max = {self.scale_max}: "
                "each must be no more than the next"
            )
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
