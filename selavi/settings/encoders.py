"""Encoders by name: those that are trained, and frozen ones, whose features are given."""

import re
from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from selavi.settings.embedding import BUILT_IN
from selavi.settings.section import FilePath, Modality, Section

TRAINED: dict[Modality, tuple[str, ...]] = {
    "video": ("r2plus1d_18", "r2plus1d_narrow"),
    "audio": ("resnet_9", "resnet_18", "resnet_narrow"),
}
"""By modality, the encoders that a run trains. Any other is frozen."""
FROZEN = "frozen"
"""The encoder of the users' own feature files."""
FAMILIES = ("torchvision:", "selavi:")
"""Embedders that are built in and take a name."""

EncoderName = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]*|(torchvision|selavi):.+)$")
]
"""An encoder that is trained, or an embedder."""


class FeatureFiles(Section):
    """Users' own features of a dataset's clips, by modality.

    A file is .npz (arrays `ids` and `features`), .npy (with the ids in a CSV of the same name),
    .parquet or .safetensors; a folder, or a pattern with `*`, has several. Rows are matched by the
    clip's key or id, never by their order.
    """

    video: FilePath | None = None
    """Features of the video. {split} stands for the name of the split."""
    audio: FilePath | None = None
    """Features of the audio. {split} stands for the name of the split."""


def is_frozen(modality: Modality, encoder: str) -> bool:
    """Whether the features of an encoder are given: it is not trained."""
    return encoder not in TRAINED[modality]


def require_known(where: str, modality: Modality, encoder: str, own: Collection[str]) -> None:
    """Raise ValueError unless an encoder is one that is trained, given or an embedder.

    Parameters
    ----------
    where : str
        The key that names it.
    modality : {"video", "audio"}
        Its modality.
    encoder : str
        The name.
    own : collection of str
        Embedders that the configuration defines.
    """
    known = (*TRAINED[modality], FROZEN, *BUILT_IN, *own)
    if encoder not in known and not encoder.startswith(FAMILIES):
        raise ValueError(
            f"{where} = {encoder!r} is not an encoder; use one of: {', '.join(known)}, "
            "torchvision:NAME, selavi:MODEL"
        )


def embedder_folder(embedder: str) -> str:
    """The name of an embedder as a folder's name."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", embedder)
