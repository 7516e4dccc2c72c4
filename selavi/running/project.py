"""Write the files of a project: a folder with a configuration, in which the workflow runs."""

import json
from collections.abc import Iterable
from pathlib import Path

from selavi.data.sources.folder import Folder
from selavi.data.sources.table import Table
from selavi.files import UserError, write_text
from selavi.running.recipe import LEAST, Recipe, choose_recipe
from selavi.running.workflow_files import shipped
from selavi.settings import TORCHVISION
from selavi.settings.presets import Preset

NAME = "videos"
"""Name of a project's dataset and of its run."""
SNAKEFILE = """\
# The workflow of the installed package as a module: rules can be added or replaced below.
from selavi.running.workflow_files import shipped


configfile: "config.yaml"


module selavi:
    snakefile:
        str(shipped("workflow") / "Snakefile")
    config:
        config


use rule * from selavi


onstart:  # Snakemake does not run the handlers of a module
    selavi.say_costs()


onerror:
    selavi.say_failures(log)
"""
CONFIG = """\
# Chosen for {recipe.clips:,} clips. Keys that are not here have the preset's values:
# `selavi settings --describe FILE` writes a page of all of them.
datasets:
  {name}:
    preset: {recipe.preset}  # {about}
    root: {root}{media}
    labels: {labels}  # folder: folders below the root are classes, for scores only; none
    splits:
      train:
        {split}
        shards: {recipe.shards}  # with another number all videos are encoded again

runs:
  {name}:
    dataset: {name}
    seed: 0
    network:
      clusters: {recipe.clusters}{encoders}{init}
    training:
      batch_size: {recipe.batch_size}
      epochs: {recipe.epochs}  # {recipe.steps:,} steps
      warmup_epochs: {recipe.warmup_epochs}
    machine:
      workers: {recipe.workers}  # loader processes
"""
ABOUT: dict[Preset, str] = {
    "small": "a small network for a CPU; others: features, paper",
    "paper": "the paper's network, for a GPU; others: features, small",
    "features": "heads on encoders that are not trained; others: small, paper",
}
EMBEDDERS = ("imagenet", "log_mel")
"""Of video and audio, for the preset `features`."""
MEDIA = "{short_side: 128, fps: 8, audio_rate: 16000}"
"""How clips are stored for these: small, and fluent enough for a page."""
README = """\
# A selavi project

Clusters of the videos in {videos}.

- `config.yaml`: the settings; `selavi settings --configfile config.yaml --run {name}` prints all.
- `selavi run`: runs everything, or what has changed, and resumes; `selavi run -n` shows the plan.
- `results/explorer/{name}/index.html`: the page to watch and hear the clusters.
- `results/assign/{name}/train.csv`: the cluster of every clip.
- `selavi label VIDEOS --model results/pretrain/{name}/model.pt`: labels further videos.
- `snakemake --profile profiles/slurm`: runs on a cluster; edit `profiles/slurm/config.yaml` first.
"""


def begin_project(
    folder: Path, videos: Path, preset: Preset | None = None, clusters: int | None = None
) -> Recipe:
    """Write the files of a project for a folder or a table of videos.

    Parameters
    ----------
    folder : Path
        Where to write config.yaml, Snakefile, README.md and profiles.
    videos : Path
        A folder with videos, or a CSV with a column `path`.
    preset : str, optional
        Default: by the machine.
    clusters : int, optional
        Number of clusters; default: by the number of videos.

    Returns
    -------
    Recipe
        The settings that were chosen.

    Raises
    ------
    UserError
        If one of the files exists, or there are too few videos.
    """
    if not videos.exists():
        raise UserError(f"{videos} does not exist; --videos takes a folder of videos, or a CSV")
    place = videos.absolute()
    source = Folder(place) if place.is_dir() else Table(place.parent, place)
    count = source.count()
    try:
        recipe = choose_recipe(count, clusters, preset)
    except UserError as error:
        remedy = (
            ". Add videos, list parts of long ones in a table with start and end, or use "
            "`selavi label`, which cuts videos into windows"
        )
        raise UserError(f"{videos}: {error}{remedy * (count < LEAST)}") from None
    if place.is_dir():
        root, split = place, "folder: ."
    else:
        root, split = place.parent, f"table: {quoted(place.name)}"
    files = project_files(config_text(recipe, str(root), split, "folder"), str(place))
    require_none(folder, files)
    for name, text in files.items():
        write_text(folder / name, text)
    return recipe


def config_text(recipe: Recipe, root: str, split: str, labels: str, init: str | None = None) -> str:
    """A configuration with a comment on each value that was chosen.

    Parameters
    ----------
    recipe : Recipe
        The values.
    root : str
        The dataset's root.
    split : str
        The source of the training split, as YAML.
    labels : str
        "folder" or "none"
    init : str, optional
        Source of the encoders' first weights.

    Returns
    -------
    str
        YAML.
    """
    frozen = recipe.preset == "features"
    return CONFIG.format(
        name=NAME,
        recipe=recipe,
        about=ABOUT[recipe.preset],
        root=quoted(root),
        media=f"\n    media: {MEDIA}" if frozen else "",
        encoders="\n      video_encoder: {}\n      audio_encoder: {}".format(*EMBEDDERS) * frozen,
        split=split,
        labels=labels,
        init=f"\n      init: {_init(init)}" if init else "",
    )


def project_files(config: str, videos: str) -> dict[str, str]:
    """The files of a project.

    Parameters
    ----------
    config : str
        Content of config.yaml.
    videos : str
        What the videos are, for the readme.

    Returns
    -------
    dict of str to str
        Content, by the path below the project's folder.
    """
    slurm = (shipped("profiles/slurm") / "config.yaml").read_text(encoding="utf-8")
    paper = "configfile: config/paper.yaml  # or your own;"
    assert paper in slurm
    local = (shipped("profiles/local") / "config.yaml").read_text(encoding="utf-8")
    return {
        "config.yaml": config,
        "Snakefile": SNAKEFILE,
        "README.md": README.format(videos=videos, name=NAME),
        "profiles/local/config.yaml": local,
        "profiles/slurm/config.yaml": slurm.replace(paper, "configfile: config.yaml  #"),
    }


def require_none(folder: Path, names: Iterable[str]) -> None:
    """Raise UserError if a folder has one of these files."""
    for name in names:
        if (folder / name).exists():
            raise UserError(
                f"{folder / name} exists and is kept; remove it, or name another folder"
            )


def quoted(text: str) -> str:
    """Text as a YAML string. Raises UserError if it is no text that YAML can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserError(
            f"{text!r} is not valid UTF-8, which a configuration cannot name; rename the folder"
        ) from None
    return json.dumps(text, ensure_ascii=False)


def _init(source: str) -> str:
    """`network.init` as YAML: torchvision has weights of a video encoder only."""
    return f"{{video: {quoted(source)}}}" if source == TORCHVISION else quoted(source)
