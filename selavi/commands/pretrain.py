"""selavi pretrain: train SeLaVi on a split."""

import argparse
from pathlib import Path

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import RunSettings

HELP = "train the network by self-labelling; resumes an interrupted run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "run")
    arguments.file(parser, "index", "read the index of the training split")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FOLDER",
        help="write model.pt, log.csv, labels.csv, config.yaml and the checkpoints to this folder",
    )  # fmt: skip
    parser.add_argument(
        "--threads", type=int, metavar="N",
        help="use N CPU threads per process; overrides machine.threads",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, metavar="N",
        help="use N loader processes per process; overrides machine.workers",
    )  # fmt: skip
    arguments.features(parser)
    arguments.machine(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.training.pretrain import pretrain

    settings = arguments.on_machine(
        read_section(options.settings, RunSettings), options,
        threads=options.threads, workers=options.workers,
    )  # fmt: skip
    pretrain(options.index, settings, options.output, arguments.given_features(options))
