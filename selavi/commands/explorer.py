"""selavi explorer: make a page to watch and hear the clusters."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "make an HTML page to watch and hear the clusters, which needs no server or network"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "assignments", "read the assignments of a split (CSV)")
    arguments.file(parser, "index", "read the index of the split, beside its shards")
    parser.add_argument(
        "--names", type=Path, metavar="FILE", help="show the names of `selavi name-clusters` (CSV)"
    )
    arguments.file(parser, "output", "write index.html, and the clips into clips/ beside it")
    parser.add_argument(
        "--title", default="selavi", metavar="TEXT", help="set the title of the page"
    )
    parser.add_argument(
        "--clips-per-cluster", type=int, default=12, metavar="N",
        help="show N clips per cluster (default: 12)",
    )  # fmt: skip
    parser.add_argument(
        "--clusters", type=int, metavar="K",
        help="set the number of clusters, empty ones included (default: the highest assigned)",
    )  # fmt: skip
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="encode N clips at a time (default: 1)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.explorer import make_explorer

    make_explorer(
        options.assignments,
        options.index,
        options.output,
        title=options.title,
        clips_per_cluster=options.clips_per_cluster,
        threads=options.threads,
        clusters=options.clusters,
        names=options.names,
    )
