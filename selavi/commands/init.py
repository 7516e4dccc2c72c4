"""selavi init: begin a project, a folder with a configuration for the workflow."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "write the configuration, profiles and Snakefile of a project for a folder of videos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="write the project here")
    parser.add_argument(
        "--videos", type=Path, required=True, metavar="PATH",
        help="a folder of videos, or a CSV with a column `path`",
    )  # fmt: skip
    parser.add_argument(
        "--preset", choices=("features", "small", "paper"),
        help="what is trained: heads on features of trained encoders (needs selavi[imagenet]), or "
        "networks, small for CPUs, paper for GPUs (default: small or paper, by this machine)",
    )  # fmt: skip
    arguments.clusters(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.running.project import begin_project

    recipe = begin_project(options.folder, options.videos, options.preset, options.clusters)
    clusters = f"{recipe.clusters} clusters"
    if recipe.clusters == "auto":
        clusters = "as many clusters as heads agree on best"
    print(
        f"{options.folder}: a project of {recipe.clips:,} videos, preset {recipe.preset}, "
        f"{clusters}, {recipe.epochs} epochs\n"
        f"edit {options.folder / 'config.yaml'}, then:\n"
        f"  cd {options.folder} && selavi run"
    )
