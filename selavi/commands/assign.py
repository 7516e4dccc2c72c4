"""selavi assign: assign every clip of a split to a cluster."""

import argparse

from selavi.commands import arguments

HELP = "assign every clip of a split to a cluster, by each head, with a confidence"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.model(parser)
    arguments.file(parser, "index", "read the index of the split")
    arguments.file(parser, "csv", "write the assignments (CSV)")
    arguments.file(parser, "pickle", "write the same as numpy and pandas objects")
    arguments.features(parser)
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.clustering.fitted import is_clustering
    from selavi.evaluation.assign import assign
    from selavi.evaluation.cluster_features import assign_by_clustering

    features = arguments.given_features(options)
    if is_clustering(options.model):
        assign_by_clustering(options.model, options.index, options.csv, options.pickle, features)
        return
    assign(
        options.model, options.index, options.csv, options.pickle, options.workers,
        features=features,
    )  # fmt: skip
