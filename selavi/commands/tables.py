"""selavi tables: print the scores of all runs as the paper's tables."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "print the scores of all runs as the paper's tables, beside the paper's own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.folder(parser, "results", "read the results in this folder")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER",
        help="also write them to this folder, each as .csv, .md, .tex and .html",
    )  # fmt: skip
    parser.add_argument(
        "--runs",
        nargs="+",
        metavar="NAME",
        help="show these runs (default: all that are configured)",
    )


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.tables import make_tables

    make_tables(options.results, options.runs, options.output)
