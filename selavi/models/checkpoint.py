"""The model file: weights and the settings to use them; holds nothing executable."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from selavi.config_file import parse
from selavi.files import UserError
from selavi.models.head_selection import agreement
from selavi.models.network import Network
from selavi.models.paper_checkpoint import (
    OURS,
    PaperCheckpoint,
    is_paper_checkpoint,
    read_paper_checkpoint,
)
from selavi.models.safetensors_file import SUFFIX, read_safetensors
from selavi.models.weights_file import describe_mismatch, read_weights_file, require_finite
from selavi.models.zoo import PREFIX, RELEASED, resolve
from selavi.settings import RunSettings
from selavi.tensor_files import require_whole, save_tensors

log = logging.getLogger(__name__)

FORMAT = "selavi-model-1"
REMEDY = (
    "copy it again, or remove it and run pretrain again, which rewrites it from the last checkpoint"
)


def save_model(path: Path, network: Network, settings: RunSettings, facts: dict[str, Any]) -> None:
    """Write a model file, atomically.

    Parameters
    ----------
    path : Path
        The file.
    network : Network
        Its weights are stored.
    settings : RunSettings
        Settings of the run.
    facts : dict
        Plain numbers and text about the training, among them `head`, the selected head.
    """
    save_tensors(path, model_content(network, settings, facts))


def model_content(network: Network, settings: RunSettings, facts: dict[str, Any]) -> dict[str, Any]:
    """What a model file holds: `format`, `weights`, `settings` and `facts`, see `save_model`."""
    return {
        "format": FORMAT,
        "weights": network.state_dict(),
        "settings": settings.model_dump(mode="json"),
        "facts": facts,
    }


def load_model(source: Path | str) -> tuple[Network, RunSettings, dict[str, Any]]:
    """Read a model file, also one of safetensors, or a checkpoint of the paper's authors.

    Parameters
    ----------
    source : Path or str
        The file, or `zoo:NAME` for one of the model zoo.

    Returns
    -------
    network : Network
        In evaluation mode.
    settings : RunSettings
        Settings that it was trained with.
    facts : dict
        As given to `save_model`.

    Raises
    ------
    UserError
        If the file is missing, damaged or of another kind, or if weights are not finite (every clip
        would then get the same cluster).
    """
    path = resolve(str(source))
    if not path.exists():
        raise UserError(
            f"{path} does not exist; check the path: a run's model is "
            "results/pretrain/{run}/model.pt"
        )
    if path.suffix != SUFFIX:
        require_whole(path, REMEDY)
    try:
        content, ignored = read_content(path)
    except UserError as error:
        raise UserError(f"{path} is not a selavi model: {error}") from None
    if is_paper_checkpoint(content):
        if ignored:
            log.info("%s: ignored %s: only tensors are read", path, ", ".join(ignored[:5]))
        released = read_paper_checkpoint(content, str(path))
        if not isinstance(content.get(OURS), dict):
            return _paper_model(released, path)
        content = content[OURS] | {"format": FORMAT, "weights": released.network.state_dict()}
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is not a selavi model: its format is not {FORMAT!r}")
    for key in ("weights", "settings", "facts"):
        if not isinstance(content.get(key), dict):
            raise UserError(f"{path} is incomplete: no {key}; {REMEDY}")
    settings = parse(content["settings"], RunSettings, f"settings in {path}")
    inputs = _given_sizes(content["weights"], settings, path)
    with torch.device("meta"):  # allocates nothing until the shapes are checked
        expected = build_network(settings, inputs).state_dict()
    if mismatch := describe_mismatch(content["weights"], expected):
        raise UserError(f"{path} does not fit its own settings: {mismatch}; {REMEDY}")
    require_finite(path, content["weights"], "train it again")
    network = build_network(settings, inputs)
    head = content["facts"].get("head")
    if type(head) is not int or head not in network.result_heads:
        heads = len(network.result_heads)
        raise UserError(f"{path} selects head {head!r}, but has {heads} heads; {REMEDY}")
    if not _facts_are_plain(content["facts"]):
        raise UserError(f"{path} holds facts of another form; {REMEDY}")
    network.load_state_dict(content["weights"])
    return network.eval(), settings, content["facts"]


def is_released(facts: Mapping[str, Any], modality: str) -> bool:
    """Whether an encoder is of the paper's authors, or was trained from theirs, by its facts."""
    first = facts.get("init", {}).get(modality, {})
    recorded = bool(first.get("released")) or str(first.get("source")).startswith(PREFIX)
    return facts.get("version") == RELEASED or recorded


def _facts_are_plain(facts: Mapping[str, Any]) -> bool:
    """Whether facts that are shown have the form that `save_model` gets."""
    init, media = facts.get("init", {}), facts.get("media", {})
    if not isinstance(init, dict) or not isinstance(media, dict):
        return False
    sources = [*init.values(), *([facts["weights"]] if "weights" in facts else [])]
    return all(isinstance(value, int | float) for value in media.values()) and all(
        isinstance(source, dict)
        and isinstance(source.get("source"), str)
        and isinstance(source.get("sha256"), str)
        for source in sources
    )


def read_content(path: Path) -> tuple[Any, list[str]]:
    """Read a file of torch.save or, by its suffix, of safetensors.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    content : object
        Tensors, numbers and text, in lists and dicts.
    ignored : list of str
        See `read_weights_file`.

    Raises
    ------
    UserError
        If the file is missing, damaged or of another kind.
    """
    return (read_safetensors(path), []) if path.suffix == SUFFIX else read_weights_file(path)


def build_network(settings: RunSettings, inputs: Mapping[str, int] | None = None) -> Network:
    """Build the untrained network of a run.

    Parameters
    ----------
    settings : RunSettings
        Of the run.
    inputs : mapping of str to int, optional
        By modality with a frozen encoder, the number of given features.

    Returns
    -------
    Network
        With random weights.
    """
    return Network(
        settings.network,
        settings.modalities,
        channels=1 if settings.video.grey else 3,
        channels_last=settings.machine.channels_last,
        inputs=inputs,
        consensus=settings.labelling.result == "consensus",
    )


def _given_sizes(weights: dict[str, Any], settings: RunSettings, path: Path) -> dict[str, int]:
    """By modality with a frozen encoder, the number of features that the weights are for."""
    sizes: dict[str, int] = {}
    for modality in settings.frozen:
        mean = weights.get(f"encoders.{modality}.mean")
        if not isinstance(mean, torch.Tensor) or mean.ndim != 1:
            raise UserError(
                f"{path} is incomplete: no preparation of the {modality} features; {REMEDY}"
            )
        sizes[modality] = len(mean)
    return sizes


def _paper_model(
    released: PaperCheckpoint, path: Path
) -> tuple[Network, RunSettings, dict[str, Any]]:
    require_finite(path, released.network.state_dict(), "get the file again")
    heads = released.settings.network.heads
    agreements = np.ones(heads) if released.labels is None else agreement(released.labels.numpy())
    facts = {
        "version": RELEASED,
        "head": int(agreements.argmax()),
        "agreement": agreements.tolist(),
        "clips": 0 if released.labels is None else len(released.labels),
        "epoch": released.epoch,
    }
    return released.network, released.settings, facts
