"""A training run: clips, network, labelling, optimisation. The defaults are the paper's."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from selavi.settings.clusters import Clusters, automatic_levels
from selavi.settings.encoders import EncoderName, is_frozen
from selavi.settings.init import Init
from selavi.settings.inputs import AudioSettings, VideoSettings
from selavi.settings.labelling import LabellingSettings
from selavi.settings.machine import MachineSettings
from selavi.settings.presets import Preset, with_preset
from selavi.settings.section import FilePath, Modality, Name, Section, Seed
from selavi.settings.training import FeatureViewSettings, TrainingSettings

FeatureMethod = Literal["kmeans", "spectral", "ward", "hdbscan"]
"""Methods that cluster given features as they are, without training."""


class NetworkSettings(Section):
    """The encoders and their heads."""

    video_encoder: EncoderName = "r2plus1d_18"
    """r2plus1d_18 (R(2+1)D-18), or r2plus1d_narrow, of the same family for small clips. Or one that
    is not trained: frozen, for the dataset's own `features.video`, or an embedder, whose features
    `selavi embed` makes."""
    audio_encoder: EncoderName = "resnet_9"
    """resnet_9 (ResNet-9), resnet_18, or resnet_narrow, of the same family. Or one that is not
    trained: frozen, for the dataset's own `features.audio`, or an embedder, whose features `selavi
    embed` makes."""
    preparation: Literal["none", "l2_pca", "standardise_pca", "auto"] = "l2_pca"
    """What heads see of a frozen encoder's features. l2_pca: each clip's features are scaled to
    length 1, then projected on the principal components. standardise_pca: each feature has mean 0
    and standard deviation 1 in place of that. none: the features as they are. In each case they are
    scaled to a mean square of 1. auto: l2_pca or standardise_pca, that with which k-means from
    several starts agrees better with itself."""
    dims: int = Field(128, ge=1, le=65_536)
    """Number of principal components, at most."""
    clusters: Clusters = 309
    """Number of clusters (K). Or several, such as [8, 16, 32, 64], each with heads of its own: the
    number whose heads agree best is selected, without classes. auto: seven of them, up to the root
    of the number of training clips. See docs/clusters.md."""
    heads: int = Field(10, ge=1, le=1000)
    """Number of heads per modality (H), for each number of clusters."""
    head: Literal["mlp", "linear"] = "mlp"
    """Type of the heads: a multilayer perceptron with one hidden layer, or a linear classifier."""
    hidden: int = Field(512, ge=1, le=65_536)
    """Hidden width of an mlp head."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Dropout probability in an mlp head."""
    fusion: Literal["late", "concat"] = "late"
    """How the modalities are combined. late: each has its own heads, and their probabilities are
    multiplied. concat: one set of heads classifies the concatenated features of both (an
    ablation)."""
    init: Init = None
    """Weights that the encoders start from, instead of random ones: a file, `zoo:NAME`, or
    `torchvision:r2plus1d_18`, as one text or for each modality. The heads are new in any case."""

    def encoder(self, modality: Modality) -> str:
        """The name of a modality's encoder."""
        return self.video_encoder if modality == "video" else self.audio_encoder

    def levels(self, clips: int | None = None) -> list[int]:
        """The numbers of clusters, ascending; those of `auto` need the number of clips."""
        if self.clusters == "auto":
            assert clips is not None, "clusters: auto is resolved before it is used"
            return automatic_levels(clips)
        return [self.clusters] if isinstance(self.clusters, int) else self.clusters

    @property
    def several(self) -> bool:
        """Whether there are heads of several numbers of clusters."""
        return not isinstance(self.clusters, int)

    @property
    def cluster_counts(self) -> list[int]:
        """Number of clusters of each head of a modality: all heads of the first level first."""
        return [clusters for clusters in self.levels() for _ in range(self.heads)]


class RunDefaults(Section):
    """Settings shared by all runs. A run may override any of them."""

    seed: Seed = 31
    """Seed of all random generators of the run."""
    modalities: list[Modality] = Field(["video", "audio"], min_length=1)
    """Modalities to train on and to label from."""
    max_corrupt: float = Field(0.001, ge=0, lt=1)
    """Largest share of a split's clips that may be corrupt. If there are more, the run fails and
    lists them."""
    video: VideoSettings = VideoSettings()
    """How the network sees the video of a clip."""
    audio: AudioSettings = AudioSettings()
    """How the network sees the audio of a clip."""
    network: NetworkSettings = NetworkSettings()
    """Encoders and heads."""
    feature_views: FeatureViewSettings = FeatureViewSettings()
    """Views of given features."""
    labelling: LabellingSettings = LabellingSettings()
    """Self-labelling by optimal transport."""
    training: TrainingSettings = TrainingSettings()
    """Optimisation by gradient descent."""

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
                f"network.heads = {self.network.heads}; each group needs at least one head"
            )
        several = {  # what compares heads, and what does without
            "labelling.consensus: false": self.labelling.consensus,
            "labelling.result: head": self.labelling.result == "consensus",
            "network.clusters to one number": self.network.several,
        }
        for remedy, needed in several.items():
            if needed and self.network.heads == 1:
                raise ValueError(f"network.heads = 1: use several heads, or set {remedy}")
        return self

    def for_clips(self, clips: int) -> Self:
        """The settings with the numbers of clusters that `auto` gives for so many clips."""
        network = self.network
        if network.clusters != "auto":
            return self
        network = network.model_copy(update={"clusters": network.levels(clips)})
        return self.model_copy(update={"network": network})

    @model_validator(mode="after")
    def _first_labels_fit(self) -> Self:
        labelling = self.labelling
        if labelling.first == "kmeans" and self.decoded:
            raise ValueError(
                "labelling.first: kmeans clusters the features of frozen encoders, and the "
                f"{self.decoded[0]} encoder is trained; set labelling.first: sinkhorn"
            )
        if labelling.first_share and labelling.first != "kmeans":
            raise ValueError(
                "labelling.first_share is for labelling.first: kmeans; leave it out, or set that"
            )
        return self

    @property
    def paired(self) -> bool:
        """Whether clips get clusters by each of two modalities, and by both."""
        return len(self.modalities) == 2 and self.network.fusion == "late"

    @property
    def frozen(self) -> list[Modality]:
        """The modalities whose features are given."""
        return [m for m in self.modalities if is_frozen(m, self.network.encoder(m))]

    @property
    def decoded(self) -> list[Modality]:
        """The modalities that are read from clips, and whose encoders are trained."""
        return [m for m in self.modalities if m not in self.frozen]

    @model_validator(mode="after")
    def _init_fits(self) -> Self:
        init = self.network.init.sources if self.network.init else {}
        for modality in set(init) - set(self.modalities):
            if len(set(init.values())) > 1 or len(init) == 1:  # not one source for all encoders
                raise ValueError(
                    f"network.init.{modality} = {init[modality]!r}, but modalities = "
                    f"{self.modalities}; train on {modality} too, or leave that source out"
                )
        for modality in (m for m in self.frozen if m in init):
            encoder = self.network.encoder(modality)
            raise ValueError(
                f"network.init.{modality} starts a training, and network.{modality}_encoder = "
                f"{encoder!r} is not trained; leave that source out"
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
    """One training run: a dataset, and the settings that differ from the defaults."""

    dataset: Name
    """The name of the dataset to train on."""
    method: FeatureMethod | Literal["selavi", "auto"] = "selavi"
    """How clips get their clusters. selavi: a network trained by self-labelling. kmeans, spectral,
    ward, hdbscan: scikit-learn's methods on the prepared features of both modalities; all encoders
    have to be frozen. auto: that of these four, and that `network.preparation`, whose clusters of
    random parts of the clips agree best with each other, which takes no classes. (Such stability is
    a hint, not a proof: see docs/features.md.)"""
    preset: Preset | None = Field(None, exclude=True)
    """Values of the keys that neither the run nor `defaults` gives (see Presets). The default is
    the preset of the dataset."""
    weights: FilePath | None = None
    """A trained model in place of a training: a model file, a file in the format of the paper's
    authors, or `zoo:NAME` (see `selavi zoo list`). Its network has to be the run's."""
    names: FilePath | None = Field(None, exclude=True)
    """A CSV of cluster names (head, cluster, name), such as the page downloads: they override the
    suggestions of `selavi name-clusters`."""
    corrections: FilePath | None = Field(None, exclude=True)
    """Corrections that the page saved (JSON): names, moved clips, merged and new clusters, tags.
    The page starts with them, and `results/correct` has the clusters after them; all other results
    stay the model's."""
    machine: MachineSettings = MachineSettings()
    """How the machine does the work. Omitted keys are those of the top level's `machine`."""

    @model_validator(mode="after")
    def _trained_or_given(self) -> Self:
        if self.weights and self.network.init:
            raise ValueError(
                f"weights = {self.weights!r} is a trained model, and network.init starts a "
                "training; leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _method_fits(self) -> Self:
        if self.method == "selavi":
            return self
        if self.weights:
            raise ValueError(
                f"weights = {self.weights!r} is a trained network, and method: {self.method} has "
                "none; leave one of them out"
            )
        if self.decoded:
            modality = self.decoded[0]
            raise ValueError(
                f"method: {self.method} clusters features that are given, and "
                f"network.{modality}_encoder = {self.network.encoder(modality)!r} is trained; set "
                "it to frozen or to an embedder, or leave the modality out of modalities"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, raw: Any) -> Any:
        return with_preset(
            raw, ("video", "audio", "network", "feature_views", "labelling", "training")
        )
