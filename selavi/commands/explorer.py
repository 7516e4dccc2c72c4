"""selavi explorer: a page to watch and hear the clusters."""

import argparse

from selavi.commands import arguments

HELP = "make a page to watch and hear the clusters; it opens without server or network"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "assignments", "assignments of a split (CSV)")
    arguments.file(parser, "index", "index of the split, beside its shards")
    arguments.file(parser, "output", "index.html to write; the clips go into clips/ beside it")
    parser.add_argument("--title", default="selavi", metavar="TEXT", help="title of the page")
    parser.add_argument(
        "--clips-per-cluster", type=int, default=12, metavar="N",
        help="clips shown per cluster (default: 12)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.explorer import make_explorer

    make_explorer(
        options.assignments,
        options.index,
        options.output,
        title=options.title,
        clips_per_cluster=options.clips_per_cluster,
    )
