"""selavi finetune: fine-tune for action recognition on one fold."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import FinetuneSettings

HELP = "fine-tune the video encoder for action recognition; resumes an interrupted run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "stage")
    arguments.model(parser)
    arguments.file(parser, "train", "read the index of the fold's training split")
    arguments.file(parser, "test", "read the index of the fold's test split")
    arguments.file(
        parser, "output", "write the accuracies by epoch (CSV), and the checkpoints beside it"
    )
    arguments.machine(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.finetune.loop import finetune

    settings = arguments.on_machine(read_section(options.settings, FinetuneSettings), options)
    finetune(options.model, options.train, options.test, settings, options.output)
