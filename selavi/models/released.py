"""Checkpoints in the format of the models that the paper's authors released.

`model` holds the weights, under names of its own (often after `module.`); `selflabels` (N, H) int64
the labels that they were trained on last; `epoch`; `dist` and `optimizer`, which are not read. What
the network looks like follows from the weights' shapes.
"""

import re
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from selavi.files import UserError
from selavi.models.network import Network
from selavi.settings import AudioSettings, LabellingSettings, NetworkSettings, RunSettings

ENCODER = re.compile(r"(video|audio)_network\.base\.(.+)")
HEAD = re.compile(r"mlp_([va])(\d*)\.(?:block_forward\.([248])\.)?(\w+)")
MODALITIES = {"v": "video", "a": "audio"}
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
    weights: dict[str, Tensor] = {}
    unknown = []
    for key, value in content["model"].items():
        name = _our_name(key.removeprefix("module."))
        if name is None:
            unknown.append(key)
        else:
            weights[name] = value
    settings = _settings(weights, source)
    network = Network(settings.network, settings.modalities, channels=3)
    expected = network.state_dict()
    unknown += [key for key in weights if key not in expected]
    missing = [key for key in expected if key not in weights]
    if unknown or missing:
        raise UserError(
            f"{source} is not a model as released: {_some(unknown)} unknown, "
            f"{_some(missing)} missing"
        )
    wrong = [key for key in expected if expected[key].shape != weights[key].shape]
    if wrong:
        raise UserError(f"{source}: the shape of {_some(wrong)} does not fit the encoders")
    network.load_state_dict(weights)
    labels = content.get("selflabels")
    return Released(
        network.eval(),
        settings,
        labels if isinstance(labels, Tensor) else None,
        int(content.get("epoch", 0)),
    )


def _our_name(key: str) -> str | None:
    encoder = ENCODER.fullmatch(key)
    if encoder:
        return f"encoders.{encoder[1]}.{encoder[2]}"
    head = HEAD.fullmatch(key)
    if head:
        return f"heads.{MODALITIES[head[1]]}.{head[2] or 0}.{LAYERS[head[3]]}{head[4]}"
    return None


def _settings(weights: dict[str, Tensor], source: str) -> RunSettings:
    """The paper's settings, with the sizes that the weights have."""
    heads = {name.split(".")[2] for name in weights if name.startswith("heads.video.")}
    mlp = "heads.video.0.5.weight" in weights
    last = weights.get("heads.video.0.5.weight" if mlp else "heads.video.0.weight")
    if last is None:
        raise UserError(f"{source} is not a model as released: it has no head mlp_v or mlp_v0")
    return RunSettings(
        dataset="released",
        # The released models were evaluated on normalised spectrograms.
        audio=AudioSettings(normalise="fixed"),
        network=NetworkSettings(
            clusters=last.shape[0],
            heads=len(heads),
            head="mlp" if mlp else "linear",
            hidden=last.shape[1] if mlp else 512,
        ),
        labelling=LabellingSettings(groups=min(2, len(heads))),
    )


def _some(keys: list[str]) -> str:
    shown = ", ".join(keys[:3])
    return f"{len(keys)} weights" + (
        f" ({shown}{', ...' if len(keys) > 3 else ''})" if keys else ""
    )
