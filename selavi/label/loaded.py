"""A trained network with what labelling needs to know of it."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from selavi.clustering.fitted import is_clustering
from selavi.config_file import read_section
from selavi.data.features.gather import GivenFeatures
from selavi.embedding.embed import ShardEmbedder
from selavi.files import UserError
from selavi.label.names_file import names_of_model
from selavi.label.windows import WINDOW_SECONDS
from selavi.models.checkpoint import load_model
from selavi.models.encoders import feature_size
from selavi.models.network import JOINED, Network
from selavi.models.zoo import digest_of, resolve
from selavi.settings import (
    BUILT_IN,
    FAMILIES,
    FROZEN,
    EmbedderSettings,
    MediaSettings,
    Modality,
    RunSettings,
    embedder_settings,
)

Embed = Callable[[Path, pd.DataFrame], GivenFeatures]
"""Features of the clips of a shard."""

MARGIN_SECONDS = 0.25
"""Stored on both sides of a clip together, so that rounding to frames never shortens it."""
MIN_SECONDS = 1.0
"""Least length of a stored part: windows are longer."""


@dataclass(frozen=True)
class Loaded:
    """A trained network, and how files are prepared for it.

    Attributes
    ----------
    network : Network
        In evaluation mode.
    settings : RunSettings
        Settings that it was trained with.
    head : int
        The selected head.
    media : MediaSettings
        How files are normalised for it.
    digest : str
        SHA-256 of the model file and of the embedders it needs, 64 hex digits.
    names : dict of int to str
        Names of clusters that come with the model; see `names_of_model`.
    embed : dict of str to callable
        By modality with a frozen encoder: what computes its features, of the clips of a shard, from
        the shard and accepted rows of its table.
    facts : dict
        What the model file says of its training; see `load_model`.
    """

    network: Network
    settings: RunSettings
    head: int
    media: MediaSettings
    digest: str
    names: dict[int, str]
    embed: Mapping[Modality, Embed] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def clusters(self) -> int:
        """Number of clusters of the selected head."""
        return self.network.result_counts[self.head]

    @property
    def feature_sizes(self) -> dict[str, int]:
        """Length of the features of each modality of the heads."""
        network = self.network
        sizes = {name: feature_size(encoder) for name, encoder in network.encoders.items()}
        return {JOINED: sum(sizes.values())} if network.joined else sizes

    @property
    def clip_seconds(self) -> float:
        """Seconds of a window that the network sees."""
        if not self.settings.decoded:
            return WINDOW_SECONDS
        video, audio = self.settings.video, self.settings.audio
        seconds = {"video": video.frames / video.fps, "audio": audio.seconds}
        return max(seconds[modality] for modality in self.settings.decoded)

    @property
    def stored_seconds(self) -> float:
        """Seconds of a window that are stored: its clip and a little more.

        Frozen encoders see all that is stored: as much as of the clips of their training.
        """
        if self.settings.frozen:
            return WINDOW_SECONDS
        return max(self.clip_seconds, MIN_SECONDS) + MARGIN_SECONDS


def load_labeller(source: str, embedders: Sequence[Path] = (), threads: int = 1) -> Loaded:
    """Read a model file to label with.

    Parameters
    ----------
    source : str
        A model file, ours or in the format of the paper's authors, or `zoo:NAME`.
    embedders : sequence of Path
        Settings of the embedders of frozen encoders (YAML, section `EmbedderSettings`), which those
        that are built in do not need. Code is imported only from what these files name, never from
        what a model does.
    threads : int
        Clips that embedders decode at a time.

    Returns
    -------
    Loaded
        The network with the selected head.

    Raises
    ------
    UserError
        As `load_model` and `resolve`.
    """
    path = resolve(source)
    if path.is_dir():
        raise UserError(f"{path} is a folder; name the model file in it, such as {path}/model.pt")
    if is_clustering(path):
        raise UserError(
            f"{path} is a clustering of given features, without a network; give features of these "
            f"clips to `selavi assign --model {path}`, or label with a model file"
        )
    network, settings, facts = load_model(path)
    named = {each.modality: each for each in (read_section(f, EmbedderSettings) for f in embedders)}
    embed: dict[Modality, Embed] = {}
    for modality in settings.frozen:
        encoder = settings.network.encoder(modality)
        if (modality not in named and encoder in BUILT_IN) or encoder.startswith(FAMILIES):
            named[modality] = embedder_settings(encoder, modality, {})
        if modality not in named:
            raise UserError(_no_embedder(path, modality, encoder))
        embed[modality] = ShardEmbedder(named[modality], threads).embed
    head, media = int(facts["head"]), _media(settings, facts)
    names = names_of_model(path, head)
    digest = _digest(path, named)
    return Loaded(network, settings, head, media, digest, names, embed, facts)


def _digest(path: Path, embedders: Mapping[Modality, EmbedderSettings]) -> str:
    """SHA-256 of the model file, and of what makes the features of its frozen encoders."""
    digest = digest_of(path)
    if not embedders:
        return digest
    made = json.dumps({name: each.model_dump() for name, each in sorted(embedders.items())})
    return hashlib.sha256((digest + made).encode()).hexdigest()


def _no_embedder(path: Path, modality: Modality, encoder: str) -> str:
    """Say that the features of a modality cannot be computed from files."""
    if encoder == FROZEN:
        return (
            f"{path} was trained on {modality} features that were given, which cannot be computed "
            "from files; label with another model, give features of these clips to `selavi "
            "assign`, or name the settings of an embedder that makes them with --embedder"
        )
    return (
        f"{path} was trained on {modality} features of the plug-in {encoder!r}; name its settings "
        f"with --embedder (the workflow wrote results/settings/embedders/{encoder}/{modality}.yaml)"
    )


def _media(settings: RunSettings, facts: dict[str, object]) -> MediaSettings:
    """How the training clips were stored, else how the paper's were: 24 kHz, the clip's rate."""
    recorded = facts.get("media")
    values = recorded if isinstance(recorded, dict) else {}
    media = {
        "fps": settings.video.fps,
        "audio_rate": MediaSettings().audio_rate,
        "short_side": settings.video.scale_max // 2 * 2,
    }
    media |= {name: values[name] for name in media if name in values}
    return MediaSettings.model_validate(
        media | {"audio": "optional", "video": "optional", "min_seconds": MIN_SECONDS}
    )
