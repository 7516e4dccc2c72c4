"""selavi baselines: score chance and k-means on the same clips."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import BaselineSettings

HELP = "score chance, and k-means on features of other networks, on the same clips"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "baselines")
    arguments.model(parser)
    arguments.file(parser, "index", "read the index of the split")
    arguments.file(parser, "output", "write the scores (CSV)")
    parser.add_argument(
        "--run", default="", metavar="NAME", help="replace {run} in baselines.features by this name"
    )
    arguments.judged(parser)
    arguments.features(parser)
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.baselines import baselines

    settings = read_section(options.settings, BaselineSettings)
    names = {"run": options.run, "dataset": options.dataset, "split": options.split}
    baselines(
        options.model, options.index, settings, options.output, names, options.workers,
        arguments.given_features(options),
    )  # fmt: skip
