"""selavi index: number the accepted clips of a split, and list the rejected videos."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "number the accepted clips of a split; name each video set aside and why"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tables", type=Path, required=True, nargs="+", metavar="FILE", help="the shards' tables"
    )
    arguments.index_outputs(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.data.index import write_index

    write_index(options.tables, options.output, options.rejected, options.summary)
