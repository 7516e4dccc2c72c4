"""Weights that the encoders start from (`network.init`): found, matched strictly, loaded."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from selavi.engine.process_group import Group
from selavi.files import UserError
from selavi.models.checkpoint import is_released, load_model, read_content
from selavi.models.encoders import AUDIO_ENCODERS, VIDEO_ENCODERS, audio_encoder, video_encoder
from selavi.models.network import Network
from selavi.models.torchvision_weights import torchvision_weights
from selavi.models.weights_file import (
    describe_mismatch,
    is_plain,
    rename,
    require_finite,
    require_named_digest,
)
from selavi.models.zoo import digest_of, resolve
from selavi.settings import TORCHVISION, InitSettings

log = logging.getLogger(__name__)

CLASSIFIER = "fc."  # of torchvision's networks; heads are new in any case


@dataclass(frozen=True)
class FirstWeights:
    """The file that an encoder starts from.

    Attributes
    ----------
    sha256 : str
        Of the file.
    released : bool
        Whether the weights are those of the paper's authors, or were trained from them.
    """

    sha256: str
    released: bool


def initialise(
    network: Network, init: InitSettings | None, group: Group
) -> dict[str, FirstWeights]:
    """Load the encoders' first weights, on rank 0 alone; its weights are those that DDP shares.

    Parameters
    ----------
    network : Network
        Of the training that starts; changed in place.
    init : InitSettings or None
        The sources.
    group : Group
        The process group.

    Returns
    -------
    dict of str to FirstWeights
        By modality, its file; the same on every rank.

    Raises
    ------
    UserError
        If a file is missing or damaged, or does not hold exactly the weights of the encoder.
    """
    if init is None:
        return {}
    sources = {name: s for name, s in init.sources.items() if name in network.encoders}
    files: dict[str, FirstWeights] = {}
    try:
        if group.first:
            with torch.random.fork_rng([]):  # building the networks of files draws numbers
                files = _load_all(network, sources)
    finally:  # none of rank 0 tells the others that it failed
        own = [byte for f in files.values() for byte in (f.released, *bytes.fromhex(f.sha256))]
        numbers = bytes(group.gather(own))
    if len(numbers) != 33 * len(sources):
        raise UserError("rank 0 cannot load the weights of network.init; its log says why")
    parts = (numbers[33 * n : 33 * n + 33] for n in range(len(sources)))
    return {
        name: FirstWeights(part[1:].hex(), bool(part[0]))
        for name, part in zip(sources, parts, strict=True)
    }


def find_weights(source: str) -> Path:
    """The file of a source of weights; downloads torchvision's if they are not there.

    Parameters
    ----------
    source : str
        A path, `zoo:NAME`, or `torchvision:r2plus1d_18`.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    UserError
        If there is no such file; the text says where to place one.
    """
    if source == TORCHVISION:
        return torchvision_weights()
    path = resolve(source)
    if not path.is_file():
        raise UserError(f"{path} is not a file; correct network.init, or place the weights there")
    require_named_digest(path)
    return path


def read_encoders(path: Path) -> tuple[dict[str, dict[str, Tensor]], list[str]]:
    """Read the encoders' weights of a file.

    Parameters
    ----------
    path : Path
        A model file of ours or of the paper's authors, or the state dict of one encoder or of
        torchvision's network of the same architecture, whose classifier is left out.

    Returns
    -------
    encoders : dict of str to dict
        By modality: weights by the names that the encoder gives them.
    released : list of str
        Modalities whose weights are of the paper's authors, or were trained from them.

    Raises
    ------
    UserError
        If the file is missing, damaged or of another kind, or if weights are not finite.
    """
    content, _ = read_content(path)
    if not _is_state_dict(content):
        network, _, facts = load_model(path)
        encoders = {name: encoder.state_dict() for name, encoder in network.encoders.items()}
        return encoders, [name for name in encoders if is_released(facts, name)]
    names = {key: key.removeprefix("module.") for key in content}
    names = {key: name for key, name in names.items() if not name.startswith(CLASSIFIER)}
    weights = rename(content, names, str(path))
    require_finite(path, weights, "get the file again")
    is_video = any(value.ndim == 5 for value in weights.values())
    return {"video" if is_video else "audio": weights}, []


def _is_state_dict(content: object) -> bool:
    return (
        isinstance(content, Mapping)
        and len(content) > 0
        and all(isinstance(key, str) and is_plain(value) for key, value in content.items())
    )


def _load_all(network: Network, sources: dict[str, str]) -> dict[str, FirstWeights]:
    first = {}
    files: dict[str, tuple[dict[str, dict[str, Tensor]], list[str]]] = {}
    for modality, source in sources.items():
        path = find_weights(source)
        if source not in files:
            files[source] = read_encoders(path)
        where = f"network.init.{modality}: {path}"
        encoders, released = files[source]
        if modality not in encoders:
            raise UserError(
                f"{where} has no {modality} encoder, only {', '.join(encoders)}; set "
                f"network.init: {{{next(iter(encoders))}: ...}}, or use another file"
            )
        _load(network.encoders[modality], encoders[modality], modality, where)
        first[modality] = FirstWeights(digest_of(path), modality in released)
        trained = ", which was trained with classes" if source == TORCHVISION else ""
        log.info(
            "the %s encoder starts from %s (SHA-256 %s...)%s",
            modality, path, first[modality].sha256[:8], trained,
        )  # fmt: skip
    return first


def _load(encoder: nn.Module, weights: dict[str, Tensor], modality: str, where: str) -> None:
    mismatch = describe_mismatch(weights, encoder.state_dict())
    if mismatch:
        if held := _kind(weights, modality):
            own = _kind({n: value.cpu() for n, value in encoder.state_dict().items()}, modality)
            raise UserError(
                f"{where} is of another encoder than the run's, which has {own}; set {held} to "
                "start from it, or use another file"
            )
        raise UserError(f"{where} does not fit the run's encoder: {mismatch}; use another file")
    encoder.load_state_dict(weights)


def _kind(weights: dict[str, Tensor], modality: str) -> str:
    """Which of our encoders has these weights, in the words of the settings; "" for none."""
    with torch.device("meta"):
        kinds = (
            {f"network.audio_encoder: {name}": audio_encoder(name) for name in AUDIO_ENCODERS}
            if modality == "audio"
            else {
                f"network.video_encoder: {name} and video.grey: {str(grey).lower()}": video_encoder(
                    name, 1 if grey else 3
                )
                for name in VIDEO_ENCODERS
                for grey in (False, True)
            }
        )
    fits = (k for k, e in kinds.items() if not describe_mismatch(weights, e.state_dict()))
    return next(fits, "")
