"""selavi evaluate-degraded: clusters of degraded clips against classes."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "compare clusters of degraded clips with classes, against the clips' size on disk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "assignments", "assignments of the clips as they are stored (CSV)")
    arguments.file(parser, "index", "index of the same split")
    for name, text in (
        ("degraded", "assignments of each level, files named by level"),
        ("tables", "what `selavi degrade` wrote for each level, in the same order"),
    ):
        parser.add_argument(
            f"--{name}", type=Path, nargs="+", required=True, metavar="FILE", help=text
        )
    arguments.file(parser, "output", "the scores to write (CSV)")
    arguments.judged(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.evaluate_degraded import evaluate_degraded

    of = {"dataset": options.dataset, "split": options.split}
    evaluate_degraded(
        options.assignments, options.index, options.degraded, options.tables, options.output, of
    )
