"""selavi tables: print and write the tables of all runs."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "print the scores of all runs in tables, beside the paper's"


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
