"""Checkpoints in the format of the paper's authors.

Keys: `model`, the weights, named unlike ours and often prefixed `module.`; `selflabels` (N, H)
int64, the pseudo-labels of the last label update; `epoch`; `dist` and `optimizer`, which are
ignored. The architecture is inferred from the names and shapes of the weights. Files of `selavi
export` have `selavi` as well, our settings and facts, which the authors' programs do not read.

A fine-tuned checkpoint has a video encoder only, and one linear layer (classes, 512) instead of
heads. The encoder's names may have any prefix, the layer any name; it becomes the only, linear head
of a video network.
"""

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from selavi.files import UserError
from selavi.models.network import Network
from selavi.models.weights_file import describe_mismatch, is_plain, rename
from selavi.settings import (
    AudioSettings,
    LabellingSettings,
    NetworkSettings,
    RunSettings,
    VideoSettings,
)

ENCODER = re.compile(r"(video|audio)_network\.base\.(.+)")
HEAD = re.compile(r"mlp_([va])(\d*)\.(?:block_forward\.([248])\.)?(\w+)")
TRUNK = re.compile(r"(?:.*\.)?((?:stem|layer[1-4])\..+)")
MODALITIES = {"v": "video", "a": "audio"}
DEEPER = "encoders.audio.layer1.1.conv1.weight"
LAYERS = {"2": "1.", "4": "2.", "8": "5.", None: ""}
"""Prefix in our heads by layer in theirs: first linear, batch norm, last linear; linear head."""
OURS = "selavi"


@dataclass(frozen=True)
class PaperCheckpoint:
    """A checkpoint of the paper's authors.

    Attributes
    ----------
    network : Network
        In evaluation mode.
    settings : RunSettings
        Inferred from the weights; the rest has the paper's values.
    labels : Tensor or None
        (N, H) int64 pseudo-labels of the training clips, if the file has them.
    epoch : int
        Epochs of training; 0 if the file does not say.
    """

    network: Network
    settings: RunSettings
    labels: Tensor | None
    epoch: int


def is_paper_checkpoint(content: Any) -> bool:
    """Whether the content of a file has the format of this module."""
    return isinstance(content, dict) and isinstance(content.get("model"), dict)


def read_paper_checkpoint(content: dict[str, Any], source: str) -> PaperCheckpoint:
    """Build our network from a checkpoint of the paper's authors.

    Parameters
    ----------
    content : dict
        Content of the file, see `is_paper_checkpoint`.
    source : str
        The file's name, for errors.

    Returns
    -------
    PaperCheckpoint
        The network with all weights loaded.

    Raises
    ------
    UserError
        If weights are unknown, missing, or of the wrong shape or kind; the text names them.
    """
    own = content["model"]
    given = rename(own, {key: str(key).removeprefix("module.") for key in own}, source)
    no_tensors = [key for key, value in given.items() if not is_plain(value)]
    if no_tensors:
        raise UserError(
            f"{source} is not a checkpoint of the paper's authors: {no_tensors[0]} is not a plain "
            "tensor"
        )
    classifier = _classifier(given)
    if classifier:
        weights, unknown = _finetuned(given, classifier, source)
        make_settings = _finetuned_settings
    else:
        names = {key: _our_name(key) for key in given}
        unknown = [key for key, name in names.items() if name is None]
        known = {key: name for key, name in names.items() if name is not None}
        weights = rename(given, known, source)
        make_settings = _settings
    try:
        settings = make_settings(weights)
    except (IndexError, ValueError) as error:  # pydantic's ValidationError is a ValueError
        reason = str(error).replace("\n", " ")
        raise UserError(f"{source} is not a checkpoint of the paper's authors: {reason}") from None
    with torch.device("meta"):  # allocates nothing until the shapes are checked
        expected = Network(settings.network, settings.modalities, channels=3).state_dict()
    if mismatch := describe_mismatch(weights | dict.fromkeys(unknown), expected):
        raise UserError(f"{source} is not a checkpoint of the paper's authors: {mismatch}")
    network = Network(settings.network, settings.modalities, channels=3)
    network.load_state_dict(weights)
    labels, epoch = content.get("selflabels"), content.get("epoch")
    if isinstance(labels, Tensor) and labels.shape[1:] != (settings.network.heads,):
        raise UserError(
            f"{source}: selflabels has the shape {tuple(labels.shape)}, but the model has "
            f"{settings.network.heads} heads"
        )
    if isinstance(labels, Tensor) and (not is_plain(labels) or labels.is_floating_point()):
        raise UserError(f"{source}: selflabels is not a plain integer tensor")
    return PaperCheckpoint(
        network.eval(),
        settings,
        labels if isinstance(labels, Tensor) else None,
        epoch if isinstance(epoch, int) else 0,
    )


def release_content(
    network: Network, settings: RunSettings, facts: dict[str, Any]
) -> dict[str, Any]:
    """The content of a checkpoint in the authors' format.

    Parameters
    ----------
    network : Network
        With the encoders that the format has: R(2+1)D-18 in colour, and ResNet-9 or ResNet-18.
    settings : RunSettings
        Settings that it was trained with.
    facts : dict
        Of its model file.

    Returns
    -------
    dict
        To be written with torch.save.

    Raises
    ------
    UserError
        If the format has no such network; the text names the settings.
    """
    own = settings.network
    reasons = [
        ("network.video_encoder", own.video_encoder, own.video_encoder == "r2plus1d_18"),
        (
            "network.audio_encoder",
            own.audio_encoder,
            own.audio_encoder in ("resnet_9", "resnet_18"),
        ),
        ("network.fusion", own.fusion, own.fusion == "late"),
        ("video.grey", settings.video.grey, not settings.video.grey),
        ("modalities", settings.modalities, len(settings.modalities) == 2),
    ]
    if unknown := [f"{name} = {value}" for name, value, known in reasons if not known]:
        raise UserError(
            f"the released format has no network with {' and '.join(unknown)}; use --format "
            "safetensors"
        )
    weights = {_their_name(name, own.heads): w for name, w in network.state_dict().items()}
    return {
        "epoch": settings.training.epochs,
        "model": {f"module.{name}": value.contiguous() for name, value in weights.items()},
        OURS: {"settings": settings.model_dump(mode="json"), "facts": facts},
    }


def _their_name(name: str, heads: int) -> str:
    part, modality, rest = name.split(".", 2)
    if part == "encoders":
        return f"{modality}_network.base.{rest}"
    head, _, rest = rest.partition(".")
    layer = next((a for a, b in LAYERS.items() if b and rest.startswith(b)), None)
    number = head if heads > 1 else ""
    block = f"block_forward.{layer}." if layer else ""
    return f"mlp_{modality[0]}{number}.{block}{rest.removeprefix(LAYERS[layer])}"


def _classifier(given: dict[str, Tensor]) -> str | None:
    """Name of the linear layer of a fine-tuned model, without `.weight`; None for other models."""
    others = [key for key in given if not TRUNK.fullmatch(key)]
    layers = {key.rpartition(".")[0] for key in others}
    if len(layers) != 1 or any(key.startswith("audio_network") for key in given):
        return None
    layer = layers.pop()
    weight = given.get(f"{layer}.weight")
    linear = weight is not None and weight.ndim == 2 and weight.shape[1] == 512
    return layer if linear and not HEAD.fullmatch(f"{layer}.weight") else None


def _finetuned(
    given: dict[str, Tensor], classifier: str, source: str
) -> tuple[dict[str, Tensor], list[str]]:
    """A fine-tuned model's weights by our names, and the keys that we do not know."""
    names, unknown = {}, []
    for key in given:
        trunk = TRUNK.fullmatch(key)
        if trunk:
            names[key] = f"encoders.video.{trunk[1]}"
        elif key in (f"{classifier}.weight", f"{classifier}.bias"):
            names[key] = f"heads.video.0.{key.rpartition('.')[2]}"
        else:
            unknown.append(key)
    weights = rename(given, names, source)
    last = weights["heads.video.0.weight"]
    weights.setdefault("heads.video.0.bias", torch.zeros(len(last)))
    return weights, unknown


def _finetuned_settings(weights: dict[str, Tensor]) -> RunSettings:
    """Settings of a fine-tuned model, with the paper's clips for fine-tuning."""
    return RunSettings(
        dataset="released",
        modalities=["video"],
        video=VideoSettings(frames=32, crop=128),
        network=NetworkSettings(
            clusters=len(weights["heads.video.0.weight"]), heads=1, head="linear"
        ),
        labelling=LabellingSettings(groups=1),
    )


def _our_name(key: str) -> str | None:
    encoder = ENCODER.fullmatch(key)
    if encoder:
        return f"encoders.{encoder[1]}.{encoder[2]}"
    head = HEAD.fullmatch(key)
    if head:
        return f"heads.{MODALITIES[head[1]]}.{head[2] or 0}.{LAYERS[head[3]]}{head[4]}"
    return None


def _settings(weights: dict[str, Tensor]) -> RunSettings:
    """The paper's settings, with the sizes of the weights."""
    heads = {name.split(".")[2] for name in weights if name.startswith("heads.video.")}
    mlp = "heads.video.0.5.weight" in weights
    last = weights.get("heads.video.0.5.weight" if mlp else "heads.video.0.weight")
    if last is None:
        raise ValueError("it has no head mlp_v or mlp_v0")
    return RunSettings(
        dataset="released",
        # The released models were evaluated on normalised spectrograms.
        audio=AudioSettings(normalise="fixed"),
        network=NetworkSettings(
            clusters=last.shape[0],
            heads=len(heads),
            head="mlp" if mlp else "linear",
            # Only ResNet-18 has a second block in each layer.
            audio_encoder="resnet_18" if DEEPER in weights else "resnet_9",
            hidden=last.shape[1] if mlp else 512,
        ),
        labelling=LabellingSettings(groups=min(2, len(heads))),
    )
