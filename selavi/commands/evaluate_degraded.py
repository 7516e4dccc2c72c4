"""selavi evaluate-degraded: score the clusters of degraded clips."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "score the clusters of degraded clips, and compare with the clips' size on disk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "assignments", "read the assignments of the stored clips (CSV)")
    arguments.file(parser, "index", "read the index of the same split")
    for name, text in (
        ("degraded", "read the assignments of each level, from files named by level"),
        ("tables", "read what `selavi degrade` wrote for each level, in the same order"),
    ):
        parser.add_argument(
            f"--{name}", type=Path, nargs="+", required=True, metavar="FILE", help=text
        )
    arguments.file(parser, "output", "write the scores (CSV)")
    arguments.judged(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.evaluation.evaluate_degraded import evaluate_degraded

    of = {"dataset": options.dataset, "split": options.split}
    evaluate_degraded(
        options.assignments, options.index, options.degraded, options.tables, options.output, of
    )
