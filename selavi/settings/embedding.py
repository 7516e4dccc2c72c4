"""Embedders: what maps clips to features before a training."""

from typing import Any

from pydantic import Field

from selavi.settings.section import Modality, Section


class EmbedderSettings(Section):
    """What maps clips to features, once, before a training."""

    factory: str = Field(min_length=1)
    """`package.module:function` of a plug-in, which is called with `options` and returns a callable
    that maps a list of clips to an array (see docs/embedders.md). Or one that is built in:
    imagenet, log_mel, torchvision:NAME, selavi:MODEL."""
    modality: Modality
    """What it sees: video or audio."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the factory."""
    frames: int = Field(8, ge=1, le=10_000)
    """Frames of a clip that it sees, evenly spaced."""
    seconds: float | None = Field(None, gt=0, le=3600)
    """It sees the middle part of a clip of this length, or all of a shorter clip. null: all."""
    batch_size: int = Field(16, ge=1, le=10_000)
    """Clips that it gets at a time."""


BUILT_IN: dict[str, dict[str, Any]] = {
    "imagenet": {"modality": "video", "frames": 3},
    "log_mel": {"modality": "audio"},
}
"""Embedders without a plug-in, by name."""
TORCHVISION_FRAMES = 16
"""Frames that torchvision's video models see."""


def embedder_settings(
    name: str, modality: Modality, configured: dict[str, EmbedderSettings]
) -> EmbedderSettings:
    """The settings of an embedder that a run names.

    Parameters
    ----------
    name : str
        Its name: of one that is configured, else of one that is built in.
    modality : {"video", "audio"}
        What the run uses it for.
    configured : dict of str to EmbedderSettings
        The section `embedders`.

    Returns
    -------
    EmbedderSettings
        Its settings.

    Raises
    ------
    ValueError
        If it is for the other modality, or there is none of this name.
    """
    if name in configured:
        settings = configured[name]
    elif name in BUILT_IN:
        settings = EmbedderSettings(factory=name, **BUILT_IN[name])
    elif name.startswith("selavi:"):
        settings = EmbedderSettings(factory=name, modality=modality)
    elif name.startswith("torchvision:"):
        settings = EmbedderSettings(factory=name, modality="video", frames=TORCHVISION_FRAMES)
    else:
        raise ValueError(f"there is no embedder {name!r}; configure it under embedders")
    if settings.modality != modality:
        raise ValueError(
            f"the embedder {name!r} is for {settings.modality}, and network.{modality}_encoder "
            "names it"
        )
    return settings
