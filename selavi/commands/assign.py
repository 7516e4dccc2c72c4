"""selavi assign: assign every clip of a split to a cluster."""

import argparse

from selavi.commands import arguments

HELP = "assign every clip of a split to a cluster, by each head, with a confidence"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.model(parser)
    arguments.file(parser, "index", "read the index of the split")
    arguments.file(parser, "csv", "write the assignments (CSV)")
    arguments.file(parser, "pickle", "write the same as numpy and pandas objects")
    arguments.features(parser)
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.assign import assign

    assign(
        options.model, options.index, options.csv, options.pickle, options.workers,
        features=arguments.given_features(options),
    )  # fmt: skip
