"""selavi export: write a model for other programs."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "write a model for other programs, with a README.md that says how to load it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model file or zoo:NAME")
    parser.add_argument(
        "--format", nargs="+", required=True, choices=("torchvision", "safetensors", "released"),
        help="torchvision: the encoders' state dicts for torchvision's classes; safetensors: all "
        "weights; released: a checkpoint as the paper's authors released theirs",
    )  # fmt: skip
    arguments.folder(parser, "output", "write the files to this folder")
    parser.add_argument(
        "--metrics", type=Path, nargs="+", default=[], metavar="FILE",
        help="show these scores of the model in README.md (results/metrics/{run}/{split}.csv)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.exported_model import export_model

    export_model(options.model, options.format, options.output, options.metrics)
