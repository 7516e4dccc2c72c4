"""A trained model on disk: weights and the settings needed to use them, nothing executable."""

from pathlib import Path
from typing import Any

import torch

from selavi.config_file import parse
from selavi.files import UserError, atomic_path
from selavi.models.network import Network
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
    """Read what `save_model` wrote; the network is in evaluation mode. Raises UserError."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; train it with the pretrain stage") from None
    except Exception as error:  # torch raises many kinds for files that are not its own
        raise UserError(f"{path} is not a model of this program: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is not a model of this program (no {FORMAT!r} mark)")
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
