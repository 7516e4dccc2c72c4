"""Train a network on the videos that are to be labelled, in a project in the output folder."""

import json
import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from selavi.data.sources.video_table import read_video_table
from selavi.files import UserError, write_csv, write_text
from selavi.label.options import Options
from selavi.label.plan import plan_labels
from selavi.label.windows import WINDOW_SECONDS, Windowing, middle_part
from selavi.label.work_folder import make_folder, removed_if_empty
from selavi.running.folder import hold
from selavi.running.forecast import forecast
from selavi.running.project import NAME, config_text, project_files, require_none
from selavi.running.recipe import LEAST, Recipe, choose_recipe, machine_preset
from selavi.running.screen import LastingConsole
from selavi.running.snakemake import Run
from selavi.running.too_few import too_few
from selavi.running.weights import has_imagenet, weights_on_disk
from selavi.settings.clusters import automatic_levels
from selavi.settings.presets import Preset

log = logging.getLogger(__name__)

TABLE = Path("work/train.csv")
"""The windows to train on, below the output folder."""
MODEL = Path("results/pretrain") / NAME / "model.pt"
RECORD = Path("work/learn.json")
"""What was asked for when the training began."""
UNLABELLED = Path("work/unlabelled")
"""There from the beginning of a training until its videos are labelled."""
CONFIG = "config.yaml"
ESTIMATED = "SELAVI_ESTIMATED"
"""Environment variable by which the workflow knows that its costs have been shown."""


@dataclass(frozen=True)
class Wishes:
    """What is asked of the training.

    Attributes
    ----------
    clusters : int or None
        Number of clusters; None for the recipe's.
    init : str or None
        Source of the encoders' first weights, as `network.init` has it.
    preset : str or None
        The preset; None for that of the machine, see `choose_preset`.
    retrain : bool
        Whether to train again if there is a model.
    """

    clusters: int | None = None
    init: str | None = None
    preset: Preset | None = None
    retrain: bool = False


@dataclass(frozen=True)
class Learned:
    """A network trained on the windows.

    Attributes
    ----------
    model : Path
        Its file.
    options : Options
        How files are cut: the given options, or those of the training.
    status : int
        0, or the exit status of a training that failed or was stopped.
    """

    model: Path
    options: Options
    status: int


def learn(paths: Sequence[Path], output: Path, options: Options, wishes: Wishes) -> Learned:
    """Train on the windows with video and audio, unless that was done before.

    Killed at any moment, the same call resumes.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and tables; see `find_inputs`.
    output : Path
        The folder of the project.
    options : Options
        How files are cut, and how the work is done.
    wishes : Wishes
        What is asked of the training.

    Returns
    -------
    Learned
        The network.

    Raises
    ------
    UserError
        If there are too few windows, or options differ from those of an earlier training.
    """
    with removed_if_empty(output):
        make_folder(output / "work")
        return _learn(paths, output, options, wishes)


def _learn(paths: Sequence[Path], output: Path, options: Options, wishes: Wishes) -> Learned:
    model, record = output / MODEL, _read_record(output / RECORD)
    cut = {**asdict(options.windowing), "shots": options.shots}
    init = _checked(wishes.init)
    asked = {"clusters": wishes.clusters, "init": init, "preset": wishes.preset, **cut}
    trained = model.exists() and not (output / UNLABELLED).exists()
    others = [n for n, v in asked.items() if v not in (None, False) and v != record.get(n)]
    if others and record and model.exists() and not wishes.retrain:
        name = others[0]
        raise UserError(
            f"the model in {output} was trained with {name} = {_shown(record.get(name))}, not "
            f"{asked[name]}; train again with --retrain, or name another folder with --output"
        )
    changed = any(value != record.get(name) for name, value in asked.items())
    if not record or others or (wishes.retrain and (changed or trained)):
        _begin(paths, output, options, asked, again=bool(record))
        record = asked
    windowing = Windowing(record.get("window"), record.get("stride"))
    options = replace(options, windowing=windowing, shots=bool(record.get("shots")))
    status = 0 if model.exists() else _train(output, record)
    return Learned(model, options, status)


def choose_preset(init: str | None, gpus: int | None = None) -> Preset:
    """The preset for this machine, if none is asked for.

    Parameters
    ----------
    init : str or None
        Source of the encoders' first weights, if one is asked for.
    gpus : int, optional
        GPUs to train on; by default those of this machine.

    Returns
    -------
    str
        The paper's on a machine with a GPU. On a CPU `features` if the extra `imagenet` is
        installed and no source of first weights is asked for, else the small one.
    """
    preset = machine_preset(torch.cuda.device_count() if gpus is None else gpus)
    return "features" if preset == "small" and init is None and has_imagenet() else preset


def labelled(output: Path) -> None:
    """Note that the videos of a training are labelled: `--retrain` then trains again."""
    (output / UNLABELLED).unlink(missing_ok=True)


def _checked(init: str | None) -> str | None:
    """A source of weights that is there, as jobs in another folder find it."""
    if init is None or ":" in init.split("/")[0]:
        return init
    path = Path(init).absolute()
    if not path.is_file():
        raise UserError(f"--init {init}: {path} is not a file; correct the path")
    return str(path)


def _read_record(path: Path) -> dict[str, Any]:
    """What the training in a folder was begun with; {} if none was."""
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        raise UserError(f"{path} is damaged; remove it, and give --retrain") from None


def _shown(value: object) -> str:
    return "the default" if value in (None, False) else str(value)


def _begin(
    paths: Sequence[Path], output: Path, options: Options, asked: dict[str, Any], again: bool
) -> None:
    """List the windows to train on, and remove what an earlier training left."""
    plan = plan_labels(paths, options, output / "work")
    windows = plan[(plan["reason"] == "") & (plan["modalities"] == "video+audio")]
    if len(windows) < LEAST:
        raise UserError(too_few(plan, options))
    preset = asked["preset"] or choose_preset(asked["init"])
    if preset == "features" and asked["init"]:
        raise UserError(
            "--init starts a training of encoders, and --preset features trains none; leave out "
            "the one or the other"
        )
    choose_recipe(len(windows), asked["clusters"], preset)  # or an error, before a removal
    if again:
        with hold(output):
            shutil.rmtree((output / MODEL).parent, ignore_errors=True)
        config, copy = output / CONFIG, output / "work" / CONFIG
        if config.exists() and copy.exists() and config.read_bytes() != copy.read_bytes():
            log.warning("%s was edited and is kept; remove it to have its values chosen", config)
        else:
            config.unlink(missing_ok=True)
    else:
        require_none(output, [*project_files("", "")])
    table = windows[["path", "start", "end"]].copy()
    if preset == "features":  # features are of whole clips: what of a window is stored to label it
        spans = zip(table["start"], table["end"], strict=True)
        parts = [middle_part(start, end, WINDOW_SECONDS) for start, end in spans]
        table["start"], table["end"] = zip(*parts, strict=True)
    write_csv(output / TABLE, table)
    write_text(output / UNLABELLED, "")
    write_text(output / RECORD, json.dumps(asked))


def _train(output: Path, record: dict[str, Any]) -> int:
    """Write the project, as far as it is not there, say what will happen, and run the workflow."""
    windows = read_video_table(output / TABLE)
    preset = record.get("preset") or choose_preset(record["init"])
    recipe = choose_recipe(len(windows), record["clusters"], preset)
    init = record["init"] or (weights_on_disk() if recipe.preset == "paper" else None)
    split = f"table: {TABLE}"
    config = config_text(recipe, ".", split, "none", init)
    if (output / CONFIG).exists():
        log.info("resuming the training in %s", output)
    else:
        for line in _plan_lines(recipe, record, init, windows["path"].nunique()):
            print(line, flush=True)
        here = config_text(recipe, str(output.absolute()), split, "none", init)
        print(forecast(here), flush=True)
    for name, text in project_files(config, "labels.csv").items():
        if not (output / name).exists():
            write_text(output / name, text)
            if name == CONFIG:
                write_text(output / "work" / CONFIG, text)
    os.environ[ESTIMATED] = "1"
    folder = output.absolute()
    return Run(LastingConsole(stderr=True, highlight=False))(
        [
            "--profile", str(folder / "profiles/local"), "--snakefile", str(folder / "Snakefile"),
            "--directory", str(folder), "--configfile", str(folder / CONFIG), "--", "pretrain_all",
        ],
        folder,
    )  # fmt: skip


def _plan_lines(recipe: Recipe, record: dict[str, Any], init: str | None, files: int) -> list[str]:
    """What was chosen, and why."""
    network, why = _network(recipe, record.get("preset"))
    start = f", starting from {init}" if init else ""
    if recipe.clusters == "auto":
        numbers = ", ".join(map(str, automatic_levels(recipe.clips)))
        clusters = f"as many clusters as heads agree on best, of {numbers} (auto; --clusters N)"
    else:
        rule = "as asked" if record["clusters"] else "auto: the root of half the windows"
        clusters = f"{recipe.clusters} clusters ({rule}; --clusters N)"
    return [
        f"{recipe.clips:,} windows of {files:,} files have video and audio; {clusters}",
        f"training: {network}, {why}{start}; {recipe.epochs} epochs in batches of "
        f"{recipe.batch_size * max(1, recipe.gpus)}, {recipe.steps:,} steps",
    ]


def _network(recipe: Recipe, asked: str | None) -> tuple[str, str]:
    """What is trained, and why."""
    if recipe.preset == "features":
        network = "heads on an encoder trained on ImageNet and on log-mel statistics"
        why = "since selavi[imagenet] is installed; --preset small trains the encoders, too"
    elif recipe.preset == "paper":
        network, why = "the paper's network", f"as there is {recipe.gpus} GPU"
        why += "s" * (recipe.gpus > 1)
    else:
        network, why = "the small network", "as there is no GPU"
        if not has_imagenet():
            why += "; few videos teach it little, and selavi[imagenet] brings a trained encoder"
    return network, "as asked" if asked else why
