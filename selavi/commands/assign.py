"""selavi assign: give every clip of a split its cluster."""

import argparse

from selavi.commands import arguments

HELP = "assign every clip of a split to a cluster, by each head, with a confidence"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "model", "trained model (model.pt)")
    arguments.file(parser, "index", "index of the split")
    arguments.file(parser, "csv", "the assignments to write (CSV)")
    arguments.file(parser, "pickle", "the same as numpy and pandas objects, to write")
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.assign import assign

    assign(options.model, options.index, options.csv, options.pickle, options.workers)
