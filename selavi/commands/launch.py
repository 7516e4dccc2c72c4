"""selavi launch: run a stage as a process group."""

import argparse
from pathlib import Path

HELP = "run a stage as a process group, on this machine or on the nodes of a Slurm job"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--nodes",
        type=int,
        default=1,
        metavar="N",
        help="start on N nodes of the Slurm job (default: 1)",
    )
    parser.add_argument(
        "--processes", type=int, default=0, metavar="N",
        help="start N processes on all nodes together; 0: one per GPU of this machine, or one"
        " (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="use N CPU threads per process (default: 1)",
    )
    parser.add_argument(
        "--state", type=Path, metavar="FOLDER",
        help="watch the stage's checkpoints in this folder: fail a Slurm job that is requeued"
        " again and again without a newer one",
    )  # fmt: skip
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="-- STAGE ...", help="the stage to run"
    )


def run(options: argparse.Namespace) -> int:
    from selavi.cluster.launch import launch
    from selavi.files import UserError

    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise UserError(
            "no stage is given; for example: selavi launch --processes 2 -- pretrain ..."
        )
    return launch(command, options.nodes, options.processes, options.threads, options.state)
