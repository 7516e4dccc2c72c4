"""selavi tables: put the scores of all runs into one table, and print it."""

import argparse

from selavi.commands import arguments

HELP = "put the scores of all runs and baselines into one table; print it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.folder(parser, "results", "the results folder")
    arguments.file(parser, "output", "the table to write (CSV); a .md is written beside it")
    parser.add_argument(
        "--runs", nargs="+", metavar="NAME", help="runs to show (default: all in the folder)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.tables import clustering_table

    clustering_table(options.results, options.runs, options.output)
