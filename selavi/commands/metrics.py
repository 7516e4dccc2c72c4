"""selavi metrics: score clusters against classes."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "score clusters against classes: NMI, adjusted MI, ARI, accuracy, entropy, purity; chance"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--assignments", type=Path, metavar="FILE", help="read the assignments of a split (CSV)"
    )
    source.add_argument(
        "--logits", type=Path, metavar="FILE",
        help="read logits and labels, as `selavi logits` and the paper's release write them",
    )  # fmt: skip
    arguments.file(parser, "output", "write the scores (CSV)")
    arguments.judged(parser)


def run(options: argparse.Namespace) -> None:
    of = {"dataset": options.dataset, "split": options.split}
    if options.assignments:
        from selavi.evaluation.metrics import measure

        measure(options.assignments, options.output, of)
    else:
        from selavi.evaluation.logits import measure_logits

        measure_logits(options.logits, options.output, of)
