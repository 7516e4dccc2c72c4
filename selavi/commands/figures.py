"""selavi figures: draw how training went."""

import argparse

from selavi.commands import arguments

HELP = "draw loss, label changes, learning rate and cluster sizes of a run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "history", "log.csv of the run")
    arguments.file(parser, "labels", "labels.csv of the run")
    arguments.file(parser, "output", "the figure to write (SVG)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.figures import training_figure

    training_figure(options.history, options.labels, options.output)
