"""selavi logits: write logits for programs that read the paper's release."""

import argparse

from selavi.commands import arguments

HELP = "write the logits of every head and modality with the labels, as one torch file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.model(parser)
    arguments.file(parser, "index", "read the index of the split")
    arguments.file(parser, "output", "write the logits; torch.load reads them")
    arguments.features(parser)
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.logits import write_logits

    write_logits(
        options.model, options.index, options.output, options.workers,
        arguments.given_features(options),
    )  # fmt: skip
