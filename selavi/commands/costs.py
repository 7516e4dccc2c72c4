"""selavi costs: tabulate time and memory of each stage."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "collect time and memory of each stage in one table"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.folder(parser, "benchmarks", "read Snakemake's benchmark files below this folder")
    arguments.file(parser, "output", "write the table (CSV)")
    parser.add_argument("--page", type=Path, metavar="FILE", help="also write it as a page (HTML)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.costs import costs_table

    costs_table(options.benchmarks, options.output, options.page)
