"""selavi finetune: action recognition on one fold."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import FinetuneSettings

HELP = "train the video encoder on to recognise actions; goes on where it was stopped"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "finetuning")
    arguments.file(parser, "model", "trained model (model.pt)")
    arguments.file(parser, "train", "index of the fold's training split")
    arguments.file(parser, "test", "index of the fold's test split")
    arguments.file(parser, "output", "accuracies by epoch, to write (CSV); the state lies beside")
    arguments.machine(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.finetune.loop import finetune

    settings = arguments.on_machine(read_section(options.settings, FinetuneSettings), options)
    finetune(options.model, options.train, options.test, settings, options.output)
