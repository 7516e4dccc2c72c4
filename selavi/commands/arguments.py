"""Arguments that several commands take."""

import argparse
from pathlib import Path
from typing import TypeVar

from selavi.config_file import parse, read_section
from selavi.settings import FinetuneSettings, MachineSettings, RetrievalSettings, RunSettings

Stage = TypeVar("Stage", RunSettings, RetrievalSettings, FinetuneSettings)


def file(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """A required path."""
    parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=text)


def folder(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """A required folder."""
    parser.add_argument(f"--{name}", type=Path, required=True, metavar="FOLDER", help=text)


def settings(parser: argparse.ArgumentParser, what: str) -> None:
    """The settings file that `selavi settings` writes."""
    file(parser, "settings", f"settings of the {what}, as `selavi settings` writes them")


def judged(parser: argparse.ArgumentParser) -> None:
    """What clips the figures are of; the tables credit a file to the dataset that it names."""
    for name in ("dataset", "split"):
        text = f"name of the {name} that is judged, as the tables and {{{name}}} in paths have it"
        parser.add_argument(f"--{name}", default="", metavar="NAME", help=text)


def workers(parser: argparse.ArgumentParser) -> None:
    """Number of loader processes; the result does not depend on it."""
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="decoding processes (default: 0)"
    )


def machine(parser: argparse.ArgumentParser) -> None:
    """How the machine does the work; `on_machine` applies it."""
    parser.add_argument(
        "--machine", type=Path, metavar="FILE",
        help="settings of the machine (default: the section machine of --settings)",
    )  # fmt: skip
    parser.add_argument(
        "--max-workers", type=int, metavar="N",
        help="loader processes of each process at most, should the settings say more",
    )  # fmt: skip


def on_machine(settings: Stage, options: argparse.Namespace, **given: int | None) -> Stage:
    """Settings with the section machine of --machine, and at most --max-workers workers.

    given : settings of the machine that override its file, unless None.
    """
    file = options.machine
    written = read_section(file, MachineSettings) if file else settings.machine
    overrides = {name: number for name, number in given.items() if number is not None}
    machine = parse(written.model_dump() | overrides, MachineSettings, "the command's arguments")
    most = machine.workers if options.max_workers is None else options.max_workers
    bounded = machine.model_copy(update={"workers": min(machine.workers, most)})
    return settings.model_copy(update={"machine": bounded})


def shard_outputs(parser: argparse.ArgumentParser) -> None:
    """Which shard, and where it goes."""
    parser.add_argument("--shard", type=int, required=True, metavar="N", help="number of the shard")
    file(parser, "tar", "the shard to write")
    file(parser, "table", "the fate of each video, to write (CSV)")
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="videos at a time (default: 1)"
    )


def index_outputs(parser: argparse.ArgumentParser) -> None:
    """The three tables of a split."""
    file(parser, "output", "the index to write (CSV)")
    file(parser, "rejected", "the list of videos set aside, to write (CSV)")
    file(parser, "summary", "how many videos were accepted, or set aside why, to write (CSV)")


def configuration(parser: argparse.ArgumentParser) -> None:
    """Which configuration, said as to Snakemake."""
    parser.add_argument("--profile", metavar="NAME", help="as for Snakemake; `slurm` is ready")
    parser.add_argument(
        "--configfile", type=Path, nargs="+", metavar="FILE",
        help="as for Snakemake (default: the profile's, else config/demo.yaml)",
    )  # fmt: skip
