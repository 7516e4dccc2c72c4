"""selavi doctor: check what would stop a run."""

import argparse
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from selavi.commands import arguments

if TYPE_CHECKING:
    from selavi.preflight.checks import Finding

HELP = "check what would stop a run: versions, ffmpeg, GPUs, disk, datasets, the cluster"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.configuration(parser)


def run(options: argparse.Namespace) -> int:
    from selavi.preflight.report import print_findings

    return 0 if print_findings(_findings(options)) else 1


def _findings(options: argparse.Namespace) -> "Iterator[Finding]":
    from selavi.preflight import checks, slurm
    from selavi.preflight.config_files import config_files, read_profile

    logging.getLogger("selavi.data").setLevel(logging.WARNING)  # of the samples that are measured
    yield from checks.versions()
    yield from checks.ffmpeg()
    yield from checks.gpus()
    path, profile = read_profile(options.profile)
    if path:
        yield checks.Finding(True, "profile", str(path))
    yield from checks.configuration(options.configfile or config_files(profile))
    if profile.get("executor") == "slurm":
        found = list(slurm.cluster())
        yield from found
        if found[0].good:
            yield from slurm.jobs(profile)
            yield from slurm.node(profile)
