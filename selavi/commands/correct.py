"""selavi correct: apply what people change on the page to a split's clusters."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "apply corrections that were saved from the page to the clusters of a split"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--assignments", type=Path, nargs="+", required=True, metavar="FILE",
        help="read the assignments (CSV) of the page's splits, in its order, then of others",
    )  # fmt: skip
    arguments.file(parser, "corrections", "read the corrections (JSON)")
    parser.add_argument(
        "--split", type=int, default=0, metavar="N",
        help="write the split whose assignments come at place N, from 0 (default: 0)",
    )  # fmt: skip
    arguments.file(parser, "output", "write the clusters after the corrections (CSV)")
    parser.add_argument(
        "--scores", type=Path, metavar="FILE",
        help="write the scores of the model's clusters and of the corrected ones (CSV)",
    )  # fmt: skip
    parser.add_argument(
        "--names", type=Path, metavar="FILE",
        help="read the names of `selavi name-clusters` (CSV), which those of the corrections "
        "override",
    )  # fmt: skip
    arguments.known_clusters(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.files import UserError
    from selavi.label.correct import correct

    if not 0 <= options.split < len(options.assignments):
        raise UserError(
            f"--split is {options.split}, and there are {len(options.assignments)} files of "
            "assignments; count from 0"
        )
    correct(
        options.assignments,
        options.corrections,
        options.output,
        split=options.split,
        scores=options.scores,
        clusters=options.clusters,
        names=options.names,
    )
