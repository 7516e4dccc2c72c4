"""selavi estimate: predict the hours and disk that a configuration takes."""

import argparse
import logging

from selavi.commands import arguments

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


def run(options: argparse.Namespace) -> None:
    import torch

    from selavi.estimates.cost import wall_seconds
    from selavi.preflight.config_files import config_files, read_config, read_profile
    from selavi.preflight.estimate import estimate
    from selavi.preflight.report import print_costs
    from selavi.progress import is_read, tell
    from selavi.rate_cache import RateCache

    for part in ("data", "evaluation"):  # of the samples that are measured
        logging.getLogger(f"selavi.{part}").setLevel(logging.WARNING)
    _, profile = read_profile(options.profile)
    cache = RateCache(options.again)
    costs = estimate(read_config(options.configfile or config_files(profile)), cache)
    if is_read():
        tell(expected=wall_seconds(costs))
    if options.no_table:
        return
    cuda = torch.cuda.is_available()
    cpus = f"{torch.get_num_threads()} CPU threads, no GPU"
    print_costs(costs, torch.cuda.get_device_name() if cuda else cpus)
    if cache.reused:
        log.info("%d rates were measured before; --again measures them again", cache.reused)
