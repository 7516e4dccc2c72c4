"""A trained model on disk: weights and the settings needed to use them, nothing executable."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch

from selavi.config_file import parse
from selavi.files import UserError
from selavi.models.head_selection import agreement
from selavi.models.network import Network
from selavi.models.paper_checkpoint import is_released, read_released
from selavi.models.weights_file import misfit, read_weights_file, require_finite
from selavi.settings import RunSettings
from selavi.tensor_files import require_whole, save_tensors

log = logging.getLogger(__name__)

FORMAT = "selavi-model-1"
ANEW = "copy it again, or remove it and run pretrain again, which writes it anew from its last save"


def save_model(path: Path, network: Network, settings: RunSettings, facts: dict[str, Any]) -> None:
    """Write weights, settings and `facts` (plain numbers and text), atomically."""
    content = {
        "format": FORMAT,
        "weights": network.state_dict(),
        "settings": settings.model_dump(mode="json"),
        "facts": facts,
    }
    save_tensors(path, content)


def load_model(path: Path) -> tuple[Network, RunSettings, dict[str, Any]]:
    """Read what `save_model` wrote, or a model as the paper's authors released theirs.

    The network is in evaluation mode. Raises UserError, also if the file is damaged, or weights are
    not finite numbers: every clip would fall into one cluster.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist; train it with the pretrain stage")
    require_whole(path, ANEW)
    try:
        content, unread = read_weights_file(path)
    except UserError as error:
        raise UserError(f"{path} is not a model of this program: {error}") from None
    if is_released(content):
        if unread:
            log.info("%s: read without %s: only tensors are needed", path, ", ".join(unread[:5]))
        return _released(content, path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is not a model of this program (no {FORMAT!r} mark)")
    for part in ("weights", "settings", "facts"):
        if not isinstance(content.get(part), dict):
            raise UserError(f"{path} is not a whole model of this program: no {part}; {ANEW}")
    settings = parse(content["settings"], RunSettings, f"settings in {path}")
    with torch.device("meta"):  # no memory before the shapes are known to be those of the file
        expected = build_network(settings).state_dict()
    if words := misfit(content["weights"], expected):
        raise UserError(f"{path} does not fit its own settings: {words}; {ANEW}")
    require_finite(path, content["weights"], "train it again")
    head = content["facts"].get("head")
    if type(head) is not int or not 0 <= head < settings.network.heads:
        raise UserError(
            f"{path} names head {head!r} as its best and has {settings.network.heads}; {ANEW}"
        )
    network = build_network(settings)
    network.load_state_dict(content["weights"])
    return network.eval(), settings, content["facts"]


def build_network(settings: RunSettings) -> Network:
    """The untrained network of a run."""
    return Network(
        settings.network,
        settings.modalities,
        channels=1 if settings.video.grey else 3,
        channels_last=settings.machine.channels_last,
    )


def _released(content: dict[str, Any], path: Path) -> tuple[Network, RunSettings, dict[str, Any]]:
    found = read_released(content, str(path))
    require_finite(path, found.network.state_dict(), "get the file again")
    heads = found.settings.network.heads
    agreements = np.ones(heads) if found.labels is None else agreement(found.labels.numpy())
    facts = {
        "version": "released",
        "head": int(agreements.argmax()),
        "agreement": agreements.tolist(),
        "clips": 0 if found.labels is None else len(found.labels),
        "epoch": found.epoch,
    }
    return found.network, found.settings, facts
