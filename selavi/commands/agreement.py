"""selavi agreement: whether video and audio alone give the clusters that both give."""

import argparse

from selavi.commands import arguments

HELP = "tell which modality decides: by cluster and by clip, without classes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "assignments", "read the assignments of a split (CSV)")
    arguments.file(parser, "clusters", "write the agreement of each cluster (CSV)")
    arguments.file(parser, "clips", "write the agreement of each clip (CSV)")


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.modality_agreement import modality_agreement

    modality_agreement(options.assignments, options.clusters, options.clips)
