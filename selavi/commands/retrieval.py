"""selavi retrieval: nearest training videos of test videos."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import RetrievalSettings

HELP = "look for the classes of test videos among their nearest training videos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "retrieval")
    arguments.file(parser, "model", "trained model (model.pt)")
    arguments.file(parser, "gallery", "index of the training split")
    arguments.file(parser, "queries", "index of the test split")
    arguments.file(parser, "output", "the recalls to write (CSV)")
    arguments.file(parser, "neighbours", "the nearest videos of each query, to write (CSV)")
    arguments.machine(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.retrieval import retrieval

    settings = arguments.on_machine(read_section(options.settings, RetrievalSettings), options)
    retrieval(
        options.model, options.gallery, options.queries, settings, options.output,
        options.neighbours,
    )  # fmt: skip
