"""selavi figures: plot a training run."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "plot loss, label changes, NMI, learning rate and cluster sizes of a run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "history", "read log.csv of the run")
    arguments.file(parser, "labels", "read labels.csv of the run")
    for name, text in (
        ("epochs", "read epoch-labels of the run, and plot the NMI between label updates"),
        (
            "index",
            "read the index of the training split, and plot the NMI with its classes, if any",
        ),
    ):
        parser.add_argument(f"--{name}", type=Path, metavar="PATH", help=text)
    arguments.file(parser, "output", "write the figure (SVG)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.figures import training_figure

    training_figure(options.history, options.labels, options.output, options.epochs, options.index)
