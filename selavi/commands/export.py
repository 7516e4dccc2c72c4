"""selavi export: the logits of every clip, for programs that read the paper's release."""

import argparse

from selavi.commands import arguments

HELP = "write the logits of every head and modality with the labels, as one torch file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "model", "trained model (model.pt)")
    arguments.file(parser, "index", "index of the split")
    arguments.file(parser, "output", "the logits to write (read them with torch.load)")
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.export import export

    export(options.model, options.index, options.output, options.workers)
