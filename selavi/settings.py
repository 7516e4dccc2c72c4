"""Every setting, typed and closed: a unit and a sentence per field, checked before any work.

`Config` is the whole file; `RunSettings` is what one training run needs, and `DatasetSettings` what
one folder of videos needs. Defaults are the paper's (arXiv 2006.13662).
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from selavi.files import UserError

FRAME_SECONDS = 0.02  # of the spectrogram
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Modality = Literal["video", "audio"]


class Section(BaseModel):
    """A closed group of settings: unknown keys are errors, values do not change once checked."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


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


class VideoSettings(Section):
    """The picture half of a clip, as the network sees it."""

    frames: int = Field(30, ge=1)
    """Frames of a clip."""
    fps: float = Field(30.0, gt=0)
    """Frame rate at which they are taken, in frames per second."""
    scale_min: int = Field(128, ge=8)
    """Smallest short side that training frames are resized to, in pixels."""
    scale_max: int = Field(160, ge=8)
    """Largest short side that training frames are resized to, in pixels."""
    crop: int = Field(112, ge=8)
    """Side of the square crop, in pixels."""
    flip: float = Field(0.5, ge=0, le=1)
    """Probability of a left-right flip in training."""
    grey: bool = False
    """Use one channel of luminance in place of RGB."""
    normalise: Literal["fixed", "clip"] = "fixed"
    """fixed: (x - 0.45) / 0.225; clip: zero mean and unit deviation over each clip."""
    jitter: float = Field(0.0, ge=0, lt=1)
    """Random gain and bias of a training clip: gain in 1 +- jitter, bias in +- jitter."""

    @model_validator(mode="after")
    def _crop_fits(self) -> Self:
        if self.scale_min > self.scale_max:
            raise ValueError(f"scale_min = {self.scale_min} is above scale_max = {self.scale_max}")
        if self.crop > self.scale_min:
            raise ValueError(
                f"crop = {self.crop} is larger than the short side scale_min = {self.scale_min}; "
                f"use crop <= {self.scale_min}"
            )
        return self


class AudioSettings(Section):
    """The sound half of a clip, as the network sees it: a log mel filterbank."""

    seconds: float = Field(1.0, gt=0)
    """Length of the window, in seconds; it starts with the clip's first frame."""
    filters: int = Field(257, ge=8)
    """Mel filters."""
    fft: int = Field(1024, ge=64)
    """Length of the Fourier transform, in samples."""
    normalise: Literal["none", "fixed", "clip"] = "none"
    """none; fixed: (x - 1.93) / 17.89; clip: zero mean and unit deviation over each clip."""
    volume: float = Field(0.0, ge=0, lt=1)
    """Random volume of a training clip: 1 +- volume."""
    shift: int = Field(0, ge=0)
    """Training clips are moved by up to this many filters up or down."""
    mask_filters: int = Field(0, ge=0)
    """Training clips lose a band of up to this many filters."""
    mask_frames: int = Field(0, ge=0)
    """Training clips lose a stretch of up to this many spectrogram frames (10 ms each)."""

    @model_validator(mode="after")
    def _shift_fits(self) -> Self:
        if max(self.shift, self.mask_filters) >= self.filters:
            raise ValueError(f"shift and mask_filters must stay below filters = {self.filters}")
        return self


class NetworkSettings(Section):
    """Encoders and heads."""

    video_encoder: Literal["r2plus1d_18", "r2plus1d_narrow"] = "r2plus1d_18"
    """Video encoder: R(2+1)D-18, or a narrow one of the same family for small jobs."""
    audio_encoder: Literal["resnet_9", "resnet_narrow"] = "resnet_9"
    """Audio encoder: ResNet-9, or a narrow one of the same family."""
    clusters: int = Field(309, ge=2)
    """Clusters (K)."""
    heads: int = Field(10, ge=1)
    """Classifier heads per modality (H)."""
    head: Literal["mlp", "linear"] = "mlp"
    """Shape of a head."""
    hidden: int = Field(512, ge=1)
    """Hidden width of an mlp head."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Dropout in an mlp head."""


class LabellingSettings(Section):
    """Self-labelling by optimal transport (paper, section 3)."""

    lambda_: float = Field(20.0, gt=0, alias="lambda")
    """Sharpness of the assignment: the kernel is (p_video * p_audio) ** (lambda / 2)."""
    marginals: Literal["uniform", "gaussian"] = "gaussian"
    """Cluster sizes: all equal, or drawn once per head from a normal distribution."""
    gaussian_sd: float = Field(0.1, gt=0)
    """Deviation of Gaussian cluster sizes, relative to the mean size."""
    align: bool = True
    """Match the audio heads' clusters to the video heads' before the first labels."""
    groups: int = Field(2, ge=1)
    """Groups of decorrelated heads, each labelled from its own augmented pass."""
    optimisations: int = Field(100, ge=1)
    """Relabellings planned over the training."""
    power: float = Field(1.5, gt=0)
    """Exponent of the relabelling schedule; above 1, labels change most often early on."""
    source: Literal["pass", "epoch"] = "pass"
    """Features to label from: those of a fresh pass, or (epoch) those kept while training, where
    each further group looks at every batch once more."""
    tolerance: float = Field(1e-2, gt=0, lt=1)
    """Sinkhorn-Knopp stops when no cluster's mass is off by more than this share."""
    max_iterations: int = Field(2000, ge=1)
    """Sinkhorn-Knopp stops here in any case, and says how far off it was."""


class TrainingSettings(Section):
    """Optimisation (stochastic gradient descent) and the machine's share in it."""

    epochs: int = Field(200, ge=1)
    """Passes over the training clips."""
    batch_size: int = Field(16, ge=2)
    """Clips per process and step."""
    base_lr: float = Field(0.01, gt=0)
    """Learning rate after warm-up, per process: the rate in force is this times the processes."""
    warmup_from: float = Field(0.01, gt=0)
    """Learning rate of the first step."""
    warmup_epochs: int = Field(10, ge=0)
    """Epochs over which the rate grows linearly from warmup_from to base_lr x processes."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum."""
    weight_decay: float = Field(1e-5, ge=0)
    """Weight decay."""
    warmup_batches: int = Field(20, ge=0)
    """Batches that warm up batch norm before the first labels."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the encoders; bfloat16 is checked first and given up if unsound."""
    workers: int = Field(4, ge=0)
    """Loader processes per training process."""
    threads: int = Field(0, ge=0)
    """CPU threads per training process; 0 lets PyTorch choose."""
    checkpoint_minutes: float = Field(15.0, ge=0)
    """Longest time between saves of the resumable state, in minutes, besides each epoch's."""


class RunDefaults(Section):
    """Settings shared by all runs; each run may override any of them."""

    seed: int = Field(31, ge=0)
    """Seed of everything random in the run."""
    modalities: list[Modality] = Field(["video", "audio"], min_length=1)
    """Modalities trained and labelled from."""
    video: VideoSettings = VideoSettings()
    """The picture half of a clip."""
    audio: AudioSettings = AudioSettings()
    """The sound half of a clip."""
    network: NetworkSettings = NetworkSettings()
    """The encoders and their heads."""
    labelling: LabellingSettings = LabellingSettings()
    """Self-labelling."""
    training: TrainingSettings = TrainingSettings()
    """Optimisation."""

    @field_validator("modalities")
    @classmethod
    def _no_twice(cls, value: list[Modality]) -> list[Modality]:
        if len(set(value)) != len(value):
            raise ValueError(f"a modality is named twice: {value}")
        return value

    @model_validator(mode="after")
    def _groups_fit(self) -> Self:
        if self.labelling.groups > self.network.heads:
            raise ValueError(
                f"labelling.groups = {self.labelling.groups} is more than "
                f"network.heads = {self.network.heads}; a group needs a head"
            )
        return self


class RunSettings(RunDefaults):
    """One training run: a dataset and the settings that make it different."""

    dataset: Name
    """Name of the dataset to train on."""


class ExplorerSettings(Section):
    """The page to watch and hear the clusters."""

    clips_per_cluster: int = Field(12, ge=1)
    """Clips shown per cluster."""


class Config(Section):
    """The whole configuration file."""

    datasets: dict[Name, DatasetSettings] = Field(min_length=1)
    """Datasets by name."""
    defaults: RunDefaults = RunDefaults()
    """Settings shared by all runs."""
    runs: dict[Name, RunSettings] = Field(min_length=1)
    """Runs by name."""
    explorer: ExplorerSettings = ExplorerSettings()
    """The page."""

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or not isinstance(raw.get("runs"), dict):
            return raw
        defaults = raw.get("defaults") or {}
        return raw | {"runs": {k: _merged(defaults, run) for k, run in raw["runs"].items()}}

    @model_validator(mode="after")
    def _names_and_sizes(self) -> Self:
        for name, run in self.runs.items():
            if run.dataset not in self.datasets:
                known = ", ".join(sorted(self.datasets))
                raise ValueError(f"runs.{name}.dataset = {run.dataset!r} is not one of: {known}")
            data = self.datasets[run.dataset]
            if data.embedded:
                clips = data.embedded.classes * data.embedded.train_per_class
                require_enough(name, run, clips)
            if run.video.fps > data.media.fps:
                raise ValueError(
                    f"runs.{name}.video.fps = {run.video.fps:g} is above the stored frame rate, "
                    f"datasets.{run.dataset}.media.fps = {data.media.fps:g}"
                )
            if run.audio.fft < round(FRAME_SECONDS * data.media.audio_rate):
                raise ValueError(
                    f"runs.{name}.audio.fft = {run.audio.fft} is shorter than a frame of 20 ms at "
                    f"datasets.{run.dataset}.media.audio_rate = {data.media.audio_rate}; use at "
                    f"least {round(FRAME_SECONDS * data.media.audio_rate)}"
                )
            longest = max(run.video.frames / run.video.fps, run.audio.seconds)
            if longest > data.media.min_seconds:
                raise ValueError(
                    f"runs.{name}: a clip lasts {longest:g} s, but videos of more than "
                    f"datasets.{run.dataset}.media.min_seconds = {data.media.min_seconds:g} s are "
                    "accepted; raise min_seconds or shorten the clip"
                )
        return self


def require_enough(name: str, run: RunSettings, clips: int) -> None:
    """Raise ValueError if `clips` training clips cannot fill the run's clusters and batches."""
    least = max(run.network.clusters, run.training.batch_size)
    if clips < least:
        raise ValueError(
            f"runs.{name}: {clips} training clips are too few for network.clusters = "
            f"{run.network.clusters} and training.batch_size = {run.training.batch_size}; "
            f"use at least {least} clips, or lower these"
        )


def _merged(base: Any, over: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return base if over is None else over
    return {k: _merged(base.get(k), over.get(k)) for k in base | over}


def split_folder(dataset: DatasetSettings, split: str) -> Path:
    """Folder of a split's videos."""
    if split not in dataset.splits:
        raise UserError(f"no split {split!r}; the dataset has {', '.join(dataset.splits)}")
    return Path(dataset.root) / (dataset.splits[split].folder or split)
