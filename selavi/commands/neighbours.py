"""selavi neighbours: draw nearest neighbours."""

import argparse

from selavi.commands import arguments

HELP = "draw some test videos beside the nearest training videos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "neighbours", "read the neighbours that `selavi retrieval` found (CSV)")
    arguments.file(parser, "gallery", "read the index of the training split, beside its shards")
    arguments.file(parser, "queries", "read the index of the test split, beside its shards")
    arguments.file(parser, "output", "write the figure (PNG)")
    parser.add_argument(
        "--count", type=int, default=8, metavar="N", help="draw N queries (default: 8)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.neighbours import neighbours_figure

    neighbours_figure(
        options.neighbours, options.gallery, options.queries, options.output, options.count
    )
