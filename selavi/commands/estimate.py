"""selavi estimate: predict the hours and disk that a configuration takes."""

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from selavi.commands import arguments

if TYPE_CHECKING:
    from selavi.settings import Config

log = logging.getLogger(__name__)

HELP = "estimate CPU hours, GPU hours and disk of each stage, from rates measured on this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.configuration(parser)
    parser.add_argument(
        "--again",
        action="store_true",
        help="ignore the rates measured before, which are in ~/.cache/selavi",
    )
    parser.add_argument(
        "--no-table", action="store_true", help="print no table, only tell `selavi run` the time"
    )
    parser.add_argument(
        "--kept", type=Path, metavar="FILE",
        help="keep the time in this file; with --no-table, read it there, if it is of the same "
        "configuration",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    from selavi.estimates.kept import read_seconds
    from selavi.files import UserError
    from selavi.preflight.config_files import config_files, read_config, read_profile
    from selavi.progress import is_read, tell

    _, profile = read_profile(options.profile)
    config = read_config(options.configfile or config_files(profile))
    seconds = read_seconds(options.kept, config) if options.no_table and options.kept else None
    if seconds:
        if is_read():
            tell(expected=seconds)
        return
    try:
        _estimate(config, options)
    except UserError as error:
        if not options.no_table:
            raise
        log.info("the time is not known: %s", error)  # of a resumed run, whose videos may be gone


def _estimate(config: "Config", options: argparse.Namespace) -> None:
    import torch

    from selavi.estimates.cost import wall_seconds
    from selavi.estimates.kept import write_seconds
    from selavi.preflight.estimate import MEASURING, estimate
    from selavi.preflight.report import print_costs
    from selavi.progress import NOTICE, is_read, tell
    from selavi.rate_cache import RateCache

    for part in ("data", "evaluation"):  # of the samples that are measured
        logging.getLogger(f"selavi.{part}").setLevel(logging.WARNING)
    if not options.no_table:
        log.info(MEASURING, extra=NOTICE)
    cache = RateCache(options.again)
    costs = estimate(config, cache)
    seconds = wall_seconds(costs)
    if options.kept:
        write_seconds(options.kept, config, seconds)
    if is_read():
        tell(expected=seconds)
    if options.no_table:
        return
    cuda = torch.cuda.is_available()
    cpus = f"{torch.get_num_threads()} CPU threads, no GPU"
    print_costs(costs, torch.cuda.get_device_name() if cuda else cpus)
    if cache.reused:
        log.info("%d rates were measured before; --again measures them again", cache.reused)
