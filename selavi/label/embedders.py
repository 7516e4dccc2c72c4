"""What computes the features of a model whose encoders are frozen."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from selavi.config_file import read_section
from selavi.data.features.gather import GivenFeatures
from selavi.files import UserError
from selavi.settings import (
    FROZEN,
    EmbedderSettings,
    Modality,
    RunSettings,
    embedder_settings,
)

Embed = Callable[[Path, pd.DataFrame], GivenFeatures]
"""Features of the clips of a shard, from the shard and accepted rows of its table."""
FORM = "video=package.module:function, audio=package.module:function, or a YAML file"


def read_embedders(texts: Sequence[str]) -> dict[Modality, EmbedderSettings]:
    """Read the embedders that a command names.

    Parameters
    ----------
    texts : sequence of str
        `MODALITY=package.module:function`, or a YAML file with the settings of an embedder.

    Returns
    -------
    dict of str to EmbedderSettings
        By modality.

    Raises
    ------
    UserError
        If a text is of neither form, or two are of one modality.
    """
    found: dict[Modality, EmbedderSettings] = {}
    for text in texts:
        if text.endswith((".yaml", ".yml")):
            settings = read_section(Path(text), EmbedderSettings)
        else:
            modality, _, factory = text.partition("=")
            if modality not in ("video", "audio") or not factory:
                raise UserError(f"--embedder {text} is of none of the forms {FORM}")
            settings = EmbedderSettings(factory=factory, modality=modality)
        if settings.modality in found:
            raise UserError(f"--embedder names two embedders of {settings.modality}; keep one")
        found[settings.modality] = settings
    return found


def load_embedders(
    model: Path, settings: RunSettings, own: Mapping[Modality, EmbedderSettings]
) -> dict[Modality, Embed]:
    """Load what computes the features of a model's frozen encoders.

    Parameters
    ----------
    model : Path
        The model file, for errors.
    settings : RunSettings
        Settings that the model was trained with.
    own : mapping of str to EmbedderSettings
        Embedders that the user names. A plug-in runs code, so that a model file cannot name one.

    Returns
    -------
    dict of str to callable
        By modality with a frozen encoder.

    Raises
    ------
    UserError
        If the encoder is neither built in nor named by the user, or cannot be loaded.
    """
    for modality in own:
        if modality not in settings.frozen:
            raise UserError(
                f"--embedder is for {modality}, but {model} has no such frozen encoder; leave it out"
            )
    embed: dict[Modality, Embed] = {}
    for modality in settings.frozen:
        encoder = settings.network.encoder(modality)
        try:
            chosen = own.get(modality) or embedder_settings(encoder, modality, {})
        except ValueError:
            what = "features that were given" if encoder == FROZEN else f"features of {encoder}"
            raise UserError(
                f"{model} was trained on {modality} {what}; name what computes them, such as "
                f"--embedder {modality}=package.module:function, or give features of these clips "
                "to `selavi assign`"
            ) from None
        from selavi.embedding.embed import ShardEmbedder

        threads = len(os.sched_getaffinity(0))
        embed[modality] = ShardEmbedder(chosen, threads).embed
    return embed
