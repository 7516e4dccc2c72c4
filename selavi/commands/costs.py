"""selavi costs: time and memory of each stage."""

import argparse

from selavi.commands import arguments

HELP = "collect time and memory of each stage in one table"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.folder(parser, "benchmarks", "folder of Snakemake's benchmark files")
    arguments.file(parser, "output", "the table to write (CSV)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.costs import costs_table

    costs_table(options.benchmarks, options.output)
