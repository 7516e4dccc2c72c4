"""A training run: its clips, network, labelling and optimisation. Defaults are the paper's."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from selavi.settings.inputs import AudioSettings, VideoSettings
from selavi.settings.machine import MachineSettings
from selavi.settings.presets import Preset, with_preset
from selavi.settings.section import LearningRate, Modality, Name, Section, Seed


class NetworkSettings(Section):
    """Encoders and heads."""

    video_encoder: Literal["r2plus1d_18", "r2plus1d_narrow"] = "r2plus1d_18"
    """Video encoder: R(2+1)D-18, or a narrow one of the same family for small jobs."""
    audio_encoder: Literal["resnet_9", "resnet_18", "resnet_narrow"] = "resnet_9"
    """Audio encoder: ResNet-9 or ResNet-18, or a narrow one of the same family."""
    clusters: int = Field(309, ge=2, le=1_000_000)
    """Clusters (K)."""
    heads: int = Field(10, ge=1, le=1000)
    """Classifier heads per modality (H)."""
    head: Literal["mlp", "linear"] = "mlp"
    """Shape of a head."""
    hidden: int = Field(512, ge=1, le=65_536)
    """Hidden width of an mlp head."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Dropout in an mlp head."""
    fusion: Literal["late", "concat"] = "late"
    """Where the modalities meet: heads on each, whose probabilities are multiplied (late), or one
    set of heads on the features of both, side by side (concat), as an ablation."""


class LabellingSettings(Section):
    """Self-labelling by optimal transport (paper, section 3)."""

    lambda_: float = Field(20.0, gt=0, le=1e4, alias="lambda")
    """Sharpness of the assignment: the kernel is (p_video * p_audio) ** (lambda / 2)."""
    marginals: Literal["uniform", "gaussian", "zipf"] = "gaussian"
    """Cluster sizes: all equal, drawn once per head from a normal distribution, or by Zipf's law
    (the n-th largest goes as 1 / n)."""
    gaussian_sd: float = Field(0.1, gt=0, le=10)
    """Deviation of Gaussian cluster sizes, relative to the mean size."""
    align: bool = True
    """Match the audio heads' clusters to the video heads' before the first labels."""
    groups: int = Field(2, ge=1, le=1000)
    """Groups of decorrelated heads, each labelled from its own augmented pass."""
    optimisations: int = Field(100, ge=1, le=1_000_000)
    """Relabellings planned over the training."""
    power: float = Field(1.5, gt=0, le=100)
    """Exponent of the relabelling schedule; above 1, labels change most often early on."""
    source: Literal["pass", "epoch"] = "pass"
    """Features to label from: those of a fresh pass, or (epoch) those kept while training, where
    each further group looks at every batch once more."""
    consensus: bool = False
    """Every head learns what most heads say, once their clusters are matched to each other, in
    place of its own labels."""
    tolerance: float = Field(1e-3, gt=0, lt=1)
    """Sinkhorn-Knopp stops when no cluster's mass is off by more than this share."""
    max_iterations: int = Field(2000, ge=1, le=10_000_000)
    """Sinkhorn-Knopp stops here in any case, and says how far off it was."""


class TrainingSettings(Section):
    """Optimisation: stochastic gradient descent."""

    epochs: int = Field(200, ge=1, le=1_000_000)
    """Passes over the training clips."""
    batch_size: int = Field(16, ge=2, le=100_000)
    """Clips that pass through the network at once, in each process; batch norm sees those of all
    processes."""
    accumulation: int = Field(1, ge=1, le=100_000)
    """Such batches, in each process, whose mean gradient makes one step. The effective batch is
    batch_size x accumulation x processes: the paper's 1,024 is 16 x 1 x 64, or 16 x 4 x 16."""
    base_lr: LearningRate = 0.01
    """Learning rate after warm-up for 16 clips of the effective batch: the rate in force is this
    times effective batch / 16, the paper's 0.01 x 64."""
    warmup_from: LearningRate = 0.01
    """Learning rate of the first step, or the full rate where that is lower."""
    warmup_epochs: int = Field(10, ge=0, le=1_000_000)
    """Epochs over which the rate grows linearly from warmup_from to the full rate."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum."""
    weight_decay: float = Field(1e-5, ge=0, le=100)
    """Weight decay."""
    warmup_batches: int = Field(20, ge=0, le=1_000_000)
    """Batches that warm up batch norm before the first labels."""
    collapse: float = Field(0.8, gt=0, le=1)
    """Stop when one cluster takes more than this share of a head's labels, or of its predictions
    for epochs on end, and more than twice its set size; 1 never stops."""


class RunDefaults(Section):
    """Settings shared by all runs; each run may override any of them."""

    seed: Seed = 31
    """Seed of everything random in the run."""
    modalities: list[Modality] = Field(["video", "audio"], min_length=1)
    """Modalities trained and labelled from."""
    max_corrupt: float = Field(0.001, ge=0, lt=1)
    """Share of a split's clips that may prove corrupt when read; above it the run stops and lists
    them."""
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
    def _heads_fit(self) -> Self:
        if self.labelling.groups > self.network.heads:
            raise ValueError(
                f"labelling.groups = {self.labelling.groups} is more than "
                f"network.heads = {self.network.heads}; a group needs a head"
            )
        if self.labelling.consensus and self.network.heads == 1:
            raise ValueError(
                "labelling.consensus is between heads, and network.heads = 1; use more heads, or "
                "set labelling.consensus: false"
            )
        return self

    @model_validator(mode="after")
    def _fusion_fits(self) -> Self:
        if self.network.fusion == "late":
            return self
        if len(self.modalities) == 1:
            raise ValueError(
                "network.fusion: concat joins the features of video and audio, and modalities = "
                f"{self.modalities}; train on both, or set network.fusion: late"
            )
        if self.labelling.align:
            raise ValueError(
                "labelling.align matches the audio heads to the video heads, and with "
                "network.fusion: concat one set of heads sees both; set labelling.align: false"
            )
        return self


class RunSettings(RunDefaults):
    """One training run: a dataset and the settings that make it different."""

    dataset: Name
    """Name of the dataset to train on."""
    preset: Preset | None = Field(None, exclude=True)
    """Values of the keys that neither the run nor `defaults` gives (see Presets). The default is
    the preset of the dataset."""
    machine: MachineSettings = MachineSettings()
    """How the machine does the work, where it differs from the configuration's `machine`."""

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, raw: Any) -> Any:
        return with_preset(raw, ("video", "audio", "network", "labelling", "training"))
