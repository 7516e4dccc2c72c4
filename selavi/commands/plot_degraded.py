"""selavi plot-degraded: draw what degraded clips keep of their clusters."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "plot NMI of degraded clips against their size on disk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tables", type=Path, nargs="+", required=True, metavar="FILE",
        help="what `selavi evaluate-degraded` wrote, files named by run",
    )  # fmt: skip
    arguments.file(parser, "output", "the figure to write (SVG)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.plot_degraded import plot_degraded

    plot_degraded(options.tables, options.output)
