"""selavi pretrain: train SeLaVi on a split."""

import argparse
from pathlib import Path

from selavi.commands import arguments
from selavi.config_file import parse, read_section
from selavi.settings import RunSettings, TrainingSettings

HELP = "train the network by self-labelling; goes on where an earlier call was stopped"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "run")
    arguments.file(parser, "index", "index of the training split")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FOLDER",
        help="folder of model.pt, log.csv, labels.csv, config.yaml, and of the resumable state",
    )  # fmt: skip
    parser.add_argument(
        "--threads", type=int, metavar="N",
        help="CPU threads of each process, in place of training.threads",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, metavar="N",
        help="loader processes of each process, in place of training.workers",
    )  # fmt: skip
    arguments.max_workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.training.pretrain import pretrain

    settings = read_section(options.settings, RunSettings)
    given = {"threads": options.threads, "workers": options.workers}
    machine = {name: number for name, number in given.items() if number is not None}
    training = parse(
        settings.training.model_dump() | machine, TrainingSettings, "the command's arguments"
    )
    training = arguments.bounded(training, options)
    settings = settings.model_copy(update={"training": training})
    pretrain(options.index, settings, options.output)
