"""selavi figures: plot a training run."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "plot loss, label changes, NMI, learning rate and cluster sizes of a run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "history", "log.csv of the run")
    arguments.file(parser, "labels", "labels.csv of the run")
    for name, text in (
        ("epochs", "epoch-labels of the run: draw how labels moved"),
        ("index", "index of the training split: draw their NMI with its classes, if it has any"),
    ):
        parser.add_argument(f"--{name}", type=Path, metavar="PATH", help=text)
    arguments.file(parser, "output", "the figure to write (SVG)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.figures import training_figure

    training_figure(options.history, options.labels, options.output, options.epochs, options.index)
