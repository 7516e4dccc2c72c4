"""The stage import_model: the model of a run whose weights are given."""

import logging
from pathlib import Path
from typing import Any

from selavi.config_file import write_section
from selavi.files import UserError
from selavi.models.checkpoint import load_model, save_model
from selavi.models.zoo import RELEASED, digest_of, resolve
from selavi.settings import RunSettings

log = logging.getLogger(__name__)

NETWORK = (
    "modalities", "network.video_encoder", "network.audio_encoder", "network.clusters",
    "network.heads", "network.head", "network.hidden", "network.fusion", "video.grey",
)  # fmt: skip
"""Settings that names and shapes of the weights follow from."""
VALUES = ("video.normalise", "audio.normalise")
"""Settings of the range of the network's inputs."""
CLIP = (
    "video.frames", "video.fps", "video.scale_min", "video.scale_max", "video.crop",
    "audio.seconds", "audio.filters", "audio.fft",
)  # fmt: skip
"""Settings of the clips that the network was trained on, which the authors' files do not hold."""
TRAINED = ("seed", "modalities", "labelling", "training")
"""Settings that are the file's in any case; modalities may differ in their order only."""


def import_model(settings: RunSettings, output: Path) -> None:
    """Write model.pt and config.yaml of a run whose `weights` are given.

    The model has the settings of the run, except for those of the training and the order of the
    modalities, which are the file's: joined features have that order.

    Parameters
    ----------
    settings : RunSettings
        Of the run.
    output : Path
        The folder to write.

    Raises
    ------
    UserError
        If the run has no `weights`, they cannot be read, or a setting contradicts them; the text
        names it.
    """
    if settings.weights is None:
        raise UserError("the run has no weights; set runs.NAME.weights, or train it: pretrain")
    path = resolve(settings.weights)
    network, theirs, facts = load_model(path)
    clip = differences(settings, theirs, CLIP)
    contradictions = differences(settings, theirs, (*NETWORK, *VALUES))
    if facts.get("version") != RELEASED:
        contradictions |= clip
    elif clip:
        log.warning("the paper's models were trained on other clips: %s", _sentence(clip))
    if contradictions:
        raise UserError(
            f"the run's settings contradict {settings.weights}: {_sentence(contradictions)}; set "
            "them to the file's values, or name another file"
        )
    trained = {name: getattr(theirs, name) for name in TRAINED}
    kept = settings.model_copy(update=trained)
    trained_on = facts.get("weights", {}).get("dataset", theirs.dataset)
    source = {"source": settings.weights, "sha256": digest_of(path), "dataset": trained_on}
    save_model(output / "model.pt", network, kept, facts | {"weights": source})
    write_section(output / "config.yaml", kept)
    log.info(
        "%s: %d heads of %s clusters, from %s",
        output / "model.pt", len(kept.network.cluster_counts),
        " and ".join(map(str, kept.network.levels())), path,
    )  # fmt: skip


def differences(
    run: RunSettings, file: RunSettings, names: tuple[str, ...]
) -> dict[str, tuple[Any, Any]]:
    """Compare settings of a run with those of a file, as far as the file's network uses them.

    Parameters
    ----------
    run, file : RunSettings
        The settings.
    names : tuple of str
        Those to compare, such as "network.clusters".

    Returns
    -------
    dict
        By name, the values of the run and of the file, where they differ.
    """
    absent = {"video", "audio"} - set(file.modalities)
    unused = [start for name in absent for start in (f"{name}.", f"network.{name}_")]
    unused += ["network.hidden"] * (file.network.head == "linear")
    used = [name for name in names if not name.startswith(tuple(unused))]
    pairs = {name: (_value(run, name), _value(file, name)) for name in used}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _value(settings: RunSettings, name: str) -> Any:
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return sorted(value) if isinstance(value, list) else value


def _sentence(pairs: dict[str, tuple[Any, Any]]) -> str:
    return "; ".join(f"{name} = {ours}, not {theirs}" for name, (ours, theirs) in pairs.items())
