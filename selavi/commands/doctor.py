"""selavi doctor: look for what would stop a run."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selavi.preflight.checks import Finding

HELP = "look for what would stop a run: versions, ffmpeg, GPUs, disk, datasets, the cluster"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", metavar="NAME", help="as for Snakemake; `slurm` is ready")
    parser.add_argument(
        "--configfile", type=Path, nargs="+", metavar="FILE",
        help="as for Snakemake (default: the profile's, else config/demo.yaml)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    from selavi.preflight.report import print_findings

    return 0 if print_findings(_findings(options)) else 1


def _findings(options: argparse.Namespace) -> "Iterator[Finding]":
    from selavi.files import UserError
    from selavi.preflight import checks, slurm
    from selavi.preflight.estimate import estimate
    from selavi.preflight.files import config_files, read_config, read_profile

    yield from checks.versions()
    yield from checks.ffmpeg()
    yield from checks.gpus()
    profile: dict[str, Any] = {}
    if options.profile:
        path, profile = read_profile(options.profile)
        yield checks.Finding(True, "profile", str(path))
    files = options.configfile or config_files(profile)
    try:
        config = read_config(files)
        yield checks.Finding(True, "configuration", ", ".join(map(str, files)))
        yield from checks.datasets(config)
        yield from checks.disk(estimate(config))
    except UserError as error:
        yield checks.Finding(False, "configuration", str(error))
    if profile.get("executor") == "slurm":
        found = list(slurm.cluster())
        yield from found
        if found[0].good:
            yield from slurm.jobs(profile)
            yield from slurm.node(profile)
