"""selavi estimate: hours and disk that a configuration will take."""

import argparse
from pathlib import Path

HELP = "tell CPU hours, GPU hours and disk of each stage, from rates measured on this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--configfile", type=Path, nargs="+", default=[Path("config/demo.yaml")], metavar="FILE",
        help="as for Snakemake (default: config/demo.yaml)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    import logging

    import torch

    from selavi.preflight.estimate import estimate
    from selavi.preflight.files import read_config
    from selavi.preflight.report import print_costs

    logging.getLogger("selavi.data").setLevel(logging.WARNING)  # of the samples that are measured
    costs = estimate(read_config(options.configfile))
    cuda = torch.cuda.is_available()
    where = (
        torch.cuda.get_device_name() if cuda else f"{torch.get_num_threads()} CPU threads, no GPU"
    )
    print_costs(costs, where)
