"""selavi retrieval: find the nearest training videos of test videos."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import RetrievalSettings

HELP = "find the nearest training videos of test videos, and score whether they share the class"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "stage")
    arguments.model(parser)
    arguments.file(parser, "gallery", "read the index of the training split")
    arguments.file(parser, "queries", "read the index of the test split")
    arguments.file(parser, "output", "write the recalls (CSV)")
    arguments.file(parser, "neighbours", "write the nearest videos of each query (CSV)")
    arguments.machine(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.retrieval import retrieval

    settings = arguments.on_machine(read_section(options.settings, RetrievalSettings), options)
    retrieval(
        options.model, options.gallery, options.queries, settings, options.output,
        options.neighbours,
    )  # fmt: skip
