"""selavi cluster-features: cluster given features by a method that trains nothing."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import RunSettings

HELP = "cluster given features by k-means, spectral clustering, Ward or HDBSCAN"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "run")
    arguments.file(parser, "index", "read the index of the training split")
    arguments.file(parser, "output", "write the clustering, for `selavi assign --model`")
    arguments.file(parser, "candidates", "write what it is chosen from (CSV)")
    arguments.features(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.cluster_features import cluster_features

    cluster_features(
        options.index, read_section(options.settings, RunSettings), options.output,
        options.candidates, arguments.given_features(options),
    )  # fmt: skip
