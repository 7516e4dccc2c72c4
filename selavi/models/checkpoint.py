"""A trained model on disk: weights and the settings needed to use them, nothing executable."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from selavi.config_file import parse
from selavi.files import UserError, atomic_path
from selavi.models.agreement import agreement
from selavi.models.network import Network
from selavi.models.released import is_released, read_released
from selavi.settings import RunSettings

FORMAT = "selavi-model-1"


def save_model(path: Path, network: Network, settings: RunSettings, facts: dict[str, Any]) -> None:
    """Write weights, settings and `facts` (plain numbers and text), atomically."""
    content = {
        "format": FORMAT,
        "weights": network.state_dict(),
        "settings": settings.model_dump(mode="json"),
        "facts": facts,
    }
    with atomic_path(path) as temporary:
        torch.save(content, temporary)


def load_model(path: Path) -> tuple[Network, RunSettings, dict[str, Any]]:
    """Read what `save_model` wrote, or a model as the paper's authors released theirs.

    The network is in evaluation mode. Raises UserError, also if weights are not finite numbers:
    every clip would fall into one cluster.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; train it with the pretrain stage") from None
    except Exception as error:  # torch raises many kinds for files that are not its own
        raise UserError(f"{path} is not a model of this program: {error}") from None
    if is_released(content):
        return _released(content, path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is not a model of this program (no {FORMAT!r} mark)")
    for name, weights in content["weights"].items():
        if not weights.isfinite().all():
            raise UserError(
                f"{path} has gone bad: {name} is not all finite numbers; train it again"
            )
    settings = parse(content["settings"], RunSettings, f"settings in {path}")
    network = build_network(settings)
    network.load_state_dict(content["weights"])
    return network.eval(), settings, content["facts"]


def build_network(settings: RunSettings) -> Network:
    """The untrained network of a run."""
    return Network(
        settings.network,
        settings.modalities,
        channels=1 if settings.video.grey else 3,
        channels_last=settings.training.channels_last,
    )


def _released(content: dict[str, Any], path: Path) -> tuple[Network, RunSettings, dict[str, Any]]:
    found = read_released(content, str(path))
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
