"""selavi tables: put the figures of all runs into the paper's tables, and print them."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "print the figures of all runs as the paper's tables, beside the paper's own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.folder(parser, "results", "the results folder")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER",
        help="write them there too, each as .csv, .md and .tex",
    )  # fmt: skip
    parser.add_argument(
        "--runs", nargs="+", metavar="NAME", help="runs to show (default: all that are configured)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.tables import make_tables

    make_tables(options.results, options.runs, options.output)
