"""A model for other programs, with a README.md that says what it is and how to load it."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from selavi.config_file import section_text
from selavi.evaluation.scores import SCORES
from selavi.files import UserError, explain_refusal, read_csv, write_text
from selavi.models.checkpoint import is_released, load_model
from selavi.models.export import WRITERS, Files
from selavi.models.network import JOINED
from selavi.models.zoo import PREFIX, RELEASED, released_models
from selavi.settings import TORCHVISION, RunSettings

log = logging.getLogger(__name__)

TITLE = "# SeLaVi model:"
EACH = "scaled to mean 0 and standard deviation 1 in each clip"
VIDEO_VALUES = {"fixed": "scaled to (x - 0.45) / 0.225, x from 0 to 1", "clip": EACH}
AUDIO_VALUES = {"none": "not scaled", "fixed": "scaled to (x - 1.93) / 17.89", "clip": EACH}
CHOICES = {"agreement": "selected without classes", "oracle": "best by the classes"}
UNKNOWN = "a dataset that its file does not name"
MEDIA = {"fps": "frames/s", "short_side": "pixels on the short side", "audio_rate": "Hz"}


def export_model(
    model: Path, formats: Sequence[str], output: Path, metrics: Sequence[Path] = ()
) -> list[Path]:
    """Write a model in other formats, and README.md.

    Parameters
    ----------
    model : Path
        A model file, ours or in the format of the paper's authors.
    formats : sequence of str
        Keys of `WRITERS`.
    output : Path
        Folder to write to.
    metrics : sequence of Path
        Files of the stage metrics for this model, to be shown in README.md.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    UserError
        If a file cannot be read, a format has no such network, or the folder has a README.md of
        something else.
    """
    card = output / "README.md"
    if card.exists() and TITLE not in card.read_text(encoding="utf-8", errors="replace")[:200]:
        raise UserError(f"{card} is not of selavi export; name another folder by --output")
    network, settings, facts = load_model(model)
    scores = [_shown_scores(path, settings, facts) for path in metrics]
    parameters = {
        name: sum(p.numel() for p in encoder.parameters())
        for name, encoder in network.encoders.items()
    }
    files: Files = {}
    with _new_folder(output / ".export.part") as part:  # all files change, or none
        for name in formats:
            files |= WRITERS[name](part, network, settings, facts)
        text = model_card(settings, facts, files, parameters, scores)
        for name in files:
            with explain_refusal(output / name):
                (part / name).replace(output / name)
    write_text(card, text)
    written = [*(output / name for name in files), card]
    for path in written:
        log.info("%s (%.1f MB)", path, path.stat().st_size / 1e6)
    return written


@contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    """A folder that is removed at the end, with what is still in it."""
    try:
        with explain_refusal(path):
            path.mkdir(parents=True, exist_ok=True)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def model_card(
    settings: RunSettings,
    facts: dict[str, Any],
    files: Files,
    parameters: dict[str, int],
    scores: Sequence[pd.DataFrame],
) -> str:
    """Describe a model in Markdown.

    Parameters
    ----------
    settings : RunSettings
        Settings that it was trained with.
    facts : dict
        Of its model file.
    files : dict of str to str
        By name of a file: the code that loads it.
    parameters : dict of str to int
        Number of each encoder's parameters.
    scores : sequence of DataFrame
        Rows to show, of the stage metrics.

    Returns
    -------
    str
        The text.
    """
    network = settings.network
    modalities = " and ".join(settings.modalities)
    clusters = [*network.cluster_counts, *network.levels()][facts["head"]]  # of a consensus, too
    sections = [
        f"{TITLE} {clusters} clusters, trained on {_dataset(settings, facts)}",
        f"A network that gives a clip its cluster by {modalities}. Clusters were learned by "
        "self-labelling, without classes ([arXiv 2006.13662](https://arxiv.org/abs/2006.13662)).",
        "## Load it",
        *(f"`{name}`:\n\n```python\n{code}\n```" for name, code in files.items()),
        "## Network",
        _table(_network_rows(settings, facts, parameters), ("part", "value")),
        "## Input",
        _input(settings, facts),
        "## Training",
        _table(_training_rows(settings, facts), ("what", "value")),
        *_licence(settings, facts),
        *_scores(scores, facts),
        "## Settings",
        f"```yaml\n{section_text(settings, without={'machine'})}```",
    ]
    return "\n\n".join(sections) + "\n"


def _network_rows(
    settings: RunSettings, facts: dict[str, Any], parameters: dict[str, int]
) -> list[tuple[str, str]]:
    network = settings.network
    names = {"video": network.video_encoder, "audio": network.audio_encoder}
    sizes = {name: f"{count / 1e6:.1f} million parameters" for name, count in parameters.items()}
    sizes |= dict.fromkeys(settings.frozen, "not part of the model")
    return [
        *((f"{name} encoder", f"`{names[name]}`, {size}") for name, size in sizes.items()),
        ("heads", f"{len(network.cluster_counts)} ({network.head}), fusion {network.fusion}"),
        ("clusters of each head", ", ".join(map(str, network.levels()))),
        ("selected head", f"{facts['head']} (counted from 0), selected without classes"),
    ]


def _input(settings: RunSettings, facts: dict[str, Any]) -> str:
    video, audio = settings.video, settings.audio
    lines = []
    if "video" in settings.decoded:
        colour = "grey" if video.grey else "RGB"
        lines.append(
            f"- video: {video.frames} frames at {video.fps:g} frames/s, {video.crop} x "
            f"{video.crop} pixels, {colour}, {VIDEO_VALUES[video.normalise]} "
            f"(`video.normalise: {video.normalise}`)"
        )
    if "audio" in settings.decoded:
        lines.append(
            f"- audio: {audio.seconds:g} s, log-mel spectrogram of {audio.filters} filters, "
            f"{AUDIO_VALUES[audio.normalise]} (`audio.normalise: {audio.normalise}`)"
        )
    lines += [
        f"- {name}: features of the encoder `{settings.network.encoder(name)}`"
        for name in settings.frozen
    ]
    media = facts.get("media")
    if isinstance(media, dict):
        values = [f"{media[name]:g} {unit}" for name, unit in MEDIA.items() if name in media]
        if values:
            lines.append(f"- videos were stored at {', '.join(values)}")
    return "\n".join(lines)


def _dataset(settings: RunSettings, facts: dict[str, Any]) -> str:
    """The dataset that a model was trained on, which is not the run's if its weights were given."""
    given = facts.get("weights", {})
    name = given.get("dataset", UNKNOWN if given else settings.dataset)
    if facts.get("version") != RELEASED:
        return str(name)
    source = given.get("source", "").removeprefix(PREFIX)
    return released_models()[source].dataset if source in released_models() else UNKNOWN


def _training_rows(settings: RunSettings, facts: dict[str, Any]) -> list[tuple[str, str]]:
    epochs = "unknown" if facts.get("version") == RELEASED else settings.training.epochs
    rows = [
        ("dataset", _dataset(settings, facts)),
        ("clips", f"{facts.get('clips') or 'unknown'}"),
        ("epochs", str(facts.get("epoch") or epochs)),
        ("steps", str(facts.get("steps", "unknown"))),
        ("version of selavi", str(facts.get("version", "unknown"))),
    ]
    if given := facts.get("weights"):
        rows.append(("weights taken from", f"`{given['source']}` (SHA-256 {given['sha256']})"))
    for modality, source in facts.get("init", {}).items():
        words = f"`{source['source']}` (SHA-256 {source['sha256']})"
        if source["source"] == TORCHVISION:
            words += ", which was trained with classes"
        rows.append((f"{modality} encoder started from", words))
    return rows


def _licence(settings: RunSettings, facts: dict[str, Any]) -> list[str]:
    """A sentence if weights are, or come from, those that the paper's authors released."""
    if not any(is_released(facts, modality) for modality in settings.modalities):
        return []
    return [
        "The weights are those that the paper's authors released, or were trained from them: the "
        "licence of their release holds, which does not allow commercial use."
    ]


def _shown_scores(path: Path, settings: RunSettings, facts: dict[str, Any]) -> pd.DataFrame:
    """The selected and the best head of a file of metrics, by all modalities together."""
    text = ("modality", "choice", "head", "dataset", "split")
    table = read_csv(path, text, ("modality", "choice", "head", "honest", "clips", *SCORES))
    together = JOINED if len(settings.modalities) == 2 else settings.modalities[0]
    shown = table[(table["modality"] == together) & table["choice"].isin(CHOICES)]
    heads = shown.loc[shown["choice"] == "agreement", "head"].unique().tolist()
    if heads != [str(facts["head"])]:
        raise UserError(
            f"{path} is of another model: its selected head is {', '.join(heads) or 'not there'}, "
            f"and the model's is {facts['head']}; name the metrics of this model"
        )
    return shown


def _scores(tables: Sequence[pd.DataFrame], facts: dict[str, Any]) -> list[str]:
    if not tables:
        return []
    rows = [
        (
            f"{row.get('dataset', '')} {row.get('split', '')}".strip(),
            f"{row['head']} ({CHOICES[row['choice']]})",
            "honest" if row["honest"] else "oracle",
            *(f"{row[name]:.3f}" for name in SCORES),
            f"{row['clips']}",
        )
        for table in tables
        for _, row in table.iterrows()
    ]
    words = (
        "Clusters against classes. Honest: the head was selected without classes. Oracle: with "
        "them, so that no method without classes attains it."
    )
    sources = [source["source"] for source in facts.get("init", {}).values()]
    if TORCHVISION in sources:
        words += (
            " The first weights of an encoder were trained with classes of other videos, so these "
            "are no scores of learning without labels."
        )
    return ["## Scores", words, _table(rows, ("clips of", "head", "", *SCORES, "clips"))]


def _table(rows: Sequence[tuple[str, ...]], header: tuple[str, ...]) -> str:
    cells = [header, ("---",) * len(header), *rows]
    lines = [" | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in r) for r in cells]
    return "\n".join(f"| {line} |" for line in lines)
