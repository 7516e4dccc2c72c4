"""selavi baselines: what chance and k-means give on the same clips."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import RunSettings

HELP = "score chance, and k-means on raw and on untrained features, on the same clips"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "run")
    arguments.file(parser, "index", "index of the split")
    arguments.file(parser, "output", "the scores to write (CSV)")
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.baselines import baselines

    settings = read_section(options.settings, RunSettings)
    baselines(options.index, settings, options.output, options.workers)
