"""Arguments that several commands take."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, get_args

from selavi.config_file import parse, read_section
from selavi.files import UserError
from selavi.settings import (
    FinetuneSettings,
    MachineSettings,
    Modality,
    RetrievalSettings,
    RunSettings,
)

Stage = TypeVar("Stage", RunSettings, RetrievalSettings, FinetuneSettings)


def file(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """Add a required path."""
    parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=text)


def model(parser: argparse.ArgumentParser) -> None:
    """Add the trained model; `selavi.models.checkpoint.load_model` reads it."""
    file(parser, "model", "read the trained model: a model.pt, a released file, or zoo:NAME")


def folder(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """Add a required folder."""
    parser.add_argument(f"--{name}", type=Path, required=True, metavar="FOLDER", help=text)


def settings(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the settings file that `selavi settings` writes."""
    file(
        parser,
        "settings",
        f"read the settings of the {what} from this file; `selavi settings` writes it",
    )


def judged(parser: argparse.ArgumentParser) -> None:
    """Add the names of the evaluated clips, by which the tables credit a file to a dataset."""
    for name in ("dataset", "split"):
        text = f"record this name of the {name}, for the tables and {{{name}}} in paths"
        parser.add_argument(f"--{name}", default="", metavar="NAME", help=text)


def features(parser: argparse.ArgumentParser) -> None:
    """Add the files of features of frozen encoders; `given_features` reads the argument."""
    parser.add_argument(
        "--features", action="append", default=[], metavar="MODALITY=FILE",
        help="read the features of a frozen encoder from this file, a folder or a pattern: of"
        " video or of audio; once for each modality",
    )  # fmt: skip


def given_features(options: argparse.Namespace) -> dict[Modality, Path]:
    """By modality, the files that --features names.

    Raises
    ------
    UserError
        If one is not MODALITY=FILE, or a modality is named twice.
    """
    files: dict[Modality, Path] = {}
    for text in options.features:
        name, _, path = text.partition("=")
        known = {modality: modality for modality in get_args(Modality)}
        if name not in known or not path or name in files:
            raise UserError(
                f"--features {text}: write video=FILE or audio=FILE, each modality once"
            )
        files[known[name]] = Path(path)
    return files


def workers(parser: argparse.ArgumentParser) -> None:
    """Add the number of decoding processes; no result depends on it."""
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="decode in N processes (default: 0)"
    )


def machine(parser: argparse.ArgumentParser) -> None:
    """Add how the machine does the work; `on_machine` applies it."""
    parser.add_argument(
        "--machine", type=Path, metavar="FILE",
        help="read the settings of the machine (default: the section machine of --settings)",
    )  # fmt: skip
    parser.add_argument(
        "--max-workers", type=int, metavar="N",
        help="limit the loader processes of each process",
    )  # fmt: skip


def on_machine(settings: Stage, options: argparse.Namespace, **given: int | None) -> Stage:
    """Apply --machine and --max-workers to the settings of a stage.

    Parameters
    ----------
    settings : RunSettings, RetrievalSettings or FinetuneSettings
        Settings with a section `machine`.
    options : argparse.Namespace
        With the arguments that `machine` adds.
    **given : int, optional
        Settings of the machine that override those of the file.

    Returns
    -------
    RunSettings, RetrievalSettings or FinetuneSettings
        The same settings, with the machine's.
    """
    file = options.machine
    written = read_section(file, MachineSettings) if file else settings.machine
    overrides = {name: number for name, number in given.items() if number is not None}
    machine = parse(written.model_dump() | overrides, MachineSettings, "the command's arguments")
    most = machine.workers if options.max_workers is None else options.max_workers
    bounded = machine.model_copy(update={"workers": min(machine.workers, most)})
    return settings.model_copy(update={"machine": bounded})


def shard_outputs(parser: argparse.ArgumentParser) -> None:
    """Add which shard, and where to write it."""
    parser.add_argument("--shard", type=int, required=True, metavar="N", help="make shard number N")
    file(parser, "tar", "write the shard")
    file(parser, "table", "write whether each video is accepted or rejected (CSV)")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="process N videos at a time (default: 1)",
    )


def index_outputs(parser: argparse.ArgumentParser) -> None:
    """Add the three tables of a split."""
    file(parser, "output", "write the index (CSV)")
    file(parser, "rejected", "write the rejected videos (CSV)")
    file(
        parser,
        "summary",
        "write the numbers of accepted videos, and of rejected ones by reason (CSV)",
    )


def configuration(parser: argparse.ArgumentParser) -> None:
    """Add which configuration, in Snakemake's options."""
    parser.add_argument(
        "--profile", metavar="NAME", help="use a Snakemake profile, such as `slurm`"
    )
    parser.add_argument(
        "--configfile", type=Path, nargs="+", metavar="FILE",
        help="merge these files, the later over the earlier (default: the profile's,"
        " config.yaml, or config/demo.yaml)",
    )  # fmt: skip


def videos(parser: argparse.ArgumentParser, window: str, stride: str) -> None:
    """Add files to label, and how they are cut into windows.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The command's parser.
    window, stride : str
        What the command does without the option.
    """
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH",
        help="a file, a folder of videos and audio files, or a CSV with path[,start,end]",
    )  # fmt: skip
    parser.add_argument(
        "--window", type=float, metavar="SECONDS",
        help=f"cut files into windows of this length (default: {window})",
    )  # fmt: skip
    parser.add_argument(
        "--stride", type=float, metavar="SECONDS",
        help=f"begin a window this long after the one before (default: {stride})",
    )  # fmt: skip
    parser.add_argument(
        "--embedder", type=Path, action="append", default=[], metavar="FILE",
        help="settings of the plug-in that makes the features of the model's frozen encoder (YAML)",
    )  # fmt: skip
    parser.add_argument(
        "--workers",
        type=_from_one(int),
        metavar="N",
        help="decode N windows at a time (default: one per CPU)",
    )


def page_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--clips-per-cluster", type=_from_one(int), default=48, metavar="N",
        help="store N clips per cluster, which the page can play (default: 48)",
    )  # fmt: skip
    parser.add_argument(
        "--max-megabytes", type=_from_one(float), default=300, metavar="MB",
        help="store fewer clips per cluster if they are larger than MB 10^6 bytes (default: 300)",
    )  # fmt: skip


def clusters(parser: argparse.ArgumentParser) -> None:
    """Add the number of clusters of a training."""
    parser.add_argument(
        "--clusters", type=_clusters, metavar="N|auto",
        help="number of clusters; auto (default): where only heads are trained, that of several "
        "whose heads agree best, else the root of half the number of clips, at least 2 and at most "
        "an eighth of them",
    )  # fmt: skip


def known_clusters(parser: argparse.ArgumentParser) -> None:
    """Add the number of clusters of assignments, which may not show it."""
    parser.add_argument(
        "--clusters", type=int, metavar="K",
        help="set the number of clusters, empty ones included (default: what the "
        "assignments say, or one more than the highest in them)",
    )  # fmt: skip


def _from_one(kind: Callable[[str], float]) -> Callable[[str], float]:
    """A type of arguments: a number of this type from 1, or the command would fail at its end."""

    def parse(text: str) -> float:
        number = kind(text)
        if not 1 <= number < math.inf:
            raise argparse.ArgumentTypeError(f"{text} is not a number from 1")
        return number

    parse.__name__ = kind.__name__
    return parse


def _clusters(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number from 2 nor auto")
    return int(text)
