"""selavi gather-features: put given features in the order of a split's clips."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "check the features of a split's clips, and put them in the order of its index"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "source", "read features from this file, a folder or a pattern")
    arguments.file(parser, "index", "read the index of the split")
    parser.add_argument(
        "--others", type=Path, nargs="*", default=[], metavar="FILE",
        help="read these indexes of other splits, whose features the files may have too",
    )  # fmt: skip
    arguments.file(parser, "output", "write the features (.npy; the clips to a CSV beside it)")


def run(options: argparse.Namespace) -> None:
    from selavi.data.features.gather import gather_features

    gather_features(options.source, options.index, options.others, options.output)
