"""selavi name-clusters: suggest a name for every cluster."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "suggest names for clusters, from classes or file names; take over those of people"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "assignments", "read the assignments of a split, or labels.csv")
    arguments.file(parser, "output", "write the names (CSV)")
    parser.add_argument(
        "--names", type=Path, metavar="FILE",
        help="take these names (CSV: head, cluster, name), and suggest only those that it lacks",
    )  # fmt: skip
    parser.add_argument(
        "--corrections", type=Path, metavar="FILE",
        help="take the names of a file of corrections (JSON), which override all others",
    )  # fmt: skip
    arguments.known_clusters(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.label.names import name_clusters

    name_clusters(
        options.assignments, options.output, options.clusters, options.names, options.corrections
    )
