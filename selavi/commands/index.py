"""selavi index: number the accepted clips of a split, and list the rejected videos."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "number the accepted clips of a split; list the rejected videos with the reason"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # Their number and not their names: a hundred thousand names are no command line.
    arguments.folder(
        parser, "folder", "read the shards' tables in this folder, 00000.csv and so on"
    )
    parser.add_argument("--shards", type=int, required=True, metavar="N", help="read N tables")
    arguments.index_outputs(parser)
    parser.add_argument(
        "--skipped", type=Path, metavar="FILE",
        help="add the manifest's counts of files that are not videos to the summary",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    from selavi.data.index import write_index

    tables = [options.folder / f"{n:05d}.csv" for n in range(options.shards)]
    write_index(tables, options.output, options.rejected, options.summary, options.skipped)
