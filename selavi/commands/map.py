"""selavi map: place the clips of a split in the plane."""

import argparse

from selavi.commands import arguments

HELP = "place the clips of a split in the plane, near to clips with like features"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.model(parser)
    arguments.file(parser, "index", "read the index of the split")
    arguments.file(parser, "output", "write the positions (NPZ)")
    arguments.features(parser)
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.clip_map import map_clips

    map_clips(
        options.model, options.index, options.output, options.workers,
        arguments.given_features(options),
    )  # fmt: skip
