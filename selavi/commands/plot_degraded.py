"""selavi plot-degraded: plot the scores of degraded clips."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "plot NMI of degraded clips against their size on disk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tables", type=Path, nargs="+", required=True, metavar="FILE",
        help="read what `selavi evaluate-degraded` wrote, from files named by run",
    )  # fmt: skip
    arguments.file(parser, "output", "write the figure (SVG)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.plot_degraded import plot_degraded

    plot_degraded(options.tables, options.output)
