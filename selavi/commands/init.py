"""selavi init: begin a project, a folder with a configuration for the workflow."""

import argparse
from pathlib import Path

HELP = "write the configuration, profiles and Snakefile of a project for a folder of videos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="write the project here")
    parser.add_argument(
        "--videos", type=Path, required=True, metavar="PATH",
        help="a folder of videos, or a CSV with a column `path`",
    )  # fmt: skip
    parser.add_argument(
        "--preset", choices=("small", "paper"),
        help="the network: small for CPUs, paper for GPUs (default: by this machine)",
    )  # fmt: skip
    clusters(parser)


def clusters(parser: argparse.ArgumentParser) -> None:
    """Add the number of clusters, which `selavi label` takes too."""
    parser.add_argument(
        "--clusters", type=_clusters, metavar="N",
        help="number of clusters, or auto (default): the square root of half the number of clips",
    )  # fmt: skip


def _clusters(text: str) -> int | None:
    return None if text == "auto" else int(text)


def run(options: argparse.Namespace) -> None:
    from selavi.running.project import begin_project

    recipe = begin_project(options.folder, options.videos, options.preset, options.clusters)
    print(
        f"{options.folder}: a project of {recipe.clips:,} videos, preset {recipe.preset}, "
        f"{recipe.clusters} clusters, {recipe.epochs} epochs\n"
        f"edit {options.folder / 'config.yaml'}, then:\n"
        f"  cd {options.folder} && selavi run"
    )
