"""selavi metrics: compare clusters with classes."""

import argparse

from selavi.commands import arguments

HELP = "compare clusters with classes: NMI, adjusted MI, ARI, accuracy, entropy, purity"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "assignments", "assignments of a split (CSV)")
    arguments.file(parser, "output", "the scores to write (CSV)")


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.clustering import measure

    measure(options.assignments, options.output)
