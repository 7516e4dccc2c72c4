"""selavi distributions: cluster sizes against the sizes that were drawn."""

import argparse

from selavi.commands import arguments

HELP = "compare cluster sizes of the training labels with the prescribed sizes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "model", "trained model (model.pt)")
    arguments.file(parser, "labels", "labels.csv of the run")
    arguments.file(parser, "output", "the sizes to write (CSV)")
    arguments.file(parser, "figure", "the figure to write (SVG)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.distributions import distributions

    distributions(options.model, options.labels, options.output, options.figure)
