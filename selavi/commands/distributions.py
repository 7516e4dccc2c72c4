"""selavi distributions: compare cluster sizes with the prescribed ones."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "compare the cluster sizes of the pseudo-labels with the prescribed sizes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.model(parser)
    arguments.file(parser, "labels", "read labels.csv of the run")
    arguments.file(parser, "output", "write the sizes (CSV)")
    parser.add_argument(
        "--names", type=Path, metavar="FILE", help="add the names of `selavi name-clusters` (CSV)"
    )
    arguments.file(parser, "figure", "write the figure (SVG)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.distributions import distributions

    distributions(options.model, options.labels, options.output, options.figure, options.names)
