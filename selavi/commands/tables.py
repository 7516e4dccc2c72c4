"""selavi tables: put the scores of all runs into one table, and print it."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "print the scores of all runs and baselines as one table, and write it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.folder(parser, "results", "the results folder")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write it too (CSV), and a .md beside it"
    )
    parser.add_argument(
        "--runs", nargs="+", metavar="NAME", help="runs to show (default: all in the folder)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.tables import clustering_table

    clustering_table(options.results, options.runs, options.output)
