"""Checkpoints in the format of the models that the paper's authors released.

`model` holds the weights, under names of its own (often after `module.`); `selflabels` (N, H) int64
the labels that they were trained on last; `epoch`; `dist` and `optimizer`, which are not read. What
the network looks like follows from the weights' names and shapes.

A fine-tuned model has a video encoder alone, and one linear layer (classes, 512) in place of heads.
How these are called is taken to be open: the encoder's names may stand after any prefix, and the
layer has any name. It becomes the one, linear head of a network that looks at pictures alone.
"""

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from selavi.files import UserError
from selavi.models.network import Network
from selavi.models.weights_file import is_plain, misfit
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
"""Of an mlp head, by their place: first linear layer, batch norm, last linear layer; or linear."""


@dataclass(frozen=True)
class Released:
    """A released model: its network in evaluation mode, what it implies, and its training labels.

    labels : (N, H) int64, or None where the file has none. epoch : how long it was trained.
    """

    network: Network
    settings: RunSettings
    labels: Tensor | None
    epoch: int


def is_released(content: Any) -> bool:
    """Whether what torch.load gave looks like such a checkpoint."""
    return isinstance(content, dict) and isinstance(content.get("model"), dict)


def read_released(content: dict[str, Any], source: str) -> Released:
    """Turn such a checkpoint into a network of ours.

    Raises UserError, naming `source` and the keys, unless every weight finds its place and every
    place its weight.
    """
    given = {str(key).removeprefix("module."): value for key, value in content["model"].items()}
    foreign = [key for key, value in given.items() if not is_plain(value)]
    if foreign:
        raise UserError(f"{source} is not a model as released: {foreign[0]} is not a plain tensor")
    classifier = _classifier(given)
    if classifier:
        weights, unknown = _finetuned(given, classifier)
        make_settings = _finetuned_settings
    else:
        names = {key: _our_name(key) for key in given}
        unknown = [key for key, name in names.items() if name is None]
        weights = {name: given[key] for key, name in names.items() if name is not None}
        make_settings = _settings
    try:
        settings = make_settings(weights)
    except (IndexError, ValueError) as error:  # pydantic's, of sizes out of bounds, is one of these
        words = str(error).replace("\n", " ")
        raise UserError(f"{source} is not a model as released: {words}") from None
    with torch.device("meta"):  # no memory before the shapes are known to be those of the file
        expected = Network(settings.network, settings.modalities, channels=3).state_dict()
    if words := misfit(weights | dict.fromkeys(unknown), expected):
        raise UserError(f"{source} is not a model as released: {words}")
    network = Network(settings.network, settings.modalities, channels=3)
    network.load_state_dict(weights)
    labels, epoch = content.get("selflabels"), content.get("epoch")
    if isinstance(labels, Tensor) and labels.shape[1:] != (settings.network.heads,):
        raise UserError(
            f"{source}: selflabels has the shape {tuple(labels.shape)}, and the model "
            f"{settings.network.heads} heads"
        )
    if isinstance(labels, Tensor) and (not is_plain(labels) or labels.is_floating_point()):
        raise UserError(f"{source}: selflabels are not plain whole numbers")
    return Released(
        network.eval(),
        settings,
        labels if isinstance(labels, Tensor) else None,
        epoch if isinstance(epoch, int) else 0,
    )


def _classifier(given: dict[str, Tensor]) -> str | None:
    """Name of the linear layer of a fine-tuned model, without `.weight`; None if it is none."""
    others = [key for key in given if not TRUNK.fullmatch(key)]
    layers = {key.rpartition(".")[0] for key in others}
    if len(layers) != 1 or any(key.startswith("audio_network") for key in given):
        return None
    layer = layers.pop()
    weight = given.get(f"{layer}.weight")
    linear = weight is not None and weight.ndim == 2 and weight.shape[1] == 512
    return layer if linear and not HEAD.fullmatch(f"{layer}.weight") else None


def _finetuned(given: dict[str, Tensor], classifier: str) -> tuple[dict[str, Tensor], list[str]]:
    """Our names of a fine-tuned model's weights, and the names that have no place."""
    weights, unknown = {}, []
    for key, value in given.items():
        trunk = TRUNK.fullmatch(key)
        if trunk:
            weights[f"encoders.video.{trunk[1]}"] = value
        elif key in (f"{classifier}.weight", f"{classifier}.bias"):
            weights[f"heads.video.0.{key.rpartition('.')[2]}"] = value
        else:
            unknown.append(key)
    last = weights["heads.video.0.weight"]
    weights.setdefault("heads.video.0.bias", torch.zeros(len(last)))
    return weights, unknown


def _finetuned_settings(weights: dict[str, Tensor]) -> RunSettings:
    """Settings of a fine-tuned model; its clips are as the paper's finetuning takes them."""
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
    """The paper's settings, with the sizes that the weights have."""
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
            # Of the two, ResNet-18 alone has a second block in each layer.
            audio_encoder="resnet_18" if DEEPER in weights else "resnet_9",
            hidden=last.shape[1] if mlp else 512,
        ),
        labelling=LabellingSettings(groups=min(2, len(heads))),
    )
