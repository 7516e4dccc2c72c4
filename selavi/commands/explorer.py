"""selavi explorer: make a page to watch and hear the clusters."""

import argparse
from pathlib import Path

from selavi.commands import arguments

HELP = "make an HTML page to watch and hear the clusters, which needs no server or network"
SCORES = ("metrics", "baselines")
INSIGHT = {
    "training-log": "the course of the training, log.csv beside the model",
    "distributions": "the prescribed sizes of `selavi distributions`",
    "levels": "the numbers of clusters of `selavi tree --levels`",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--assignments", type=Path, nargs="+", required=True, metavar="FILE",
        help="read the assignments of a split (CSV), or of several",
    )  # fmt: skip
    parser.add_argument(
        "--index", type=Path, nargs="+", required=True, metavar="FILE",
        help="read the index of each split, in the same order, beside its shards",
    )  # fmt: skip
    parser.add_argument(
        "--names", type=Path, metavar="FILE", help="show the names of `selavi name-clusters` (CSV)"
    )
    parser.add_argument(
        "--corrections", type=Path, metavar="FILE",
        help="show the clusters with corrections that were saved from the page (JSON)",
    )  # fmt: skip
    parser.add_argument(
        "--map", type=Path, metavar="FILE",
        help="show the positions of `selavi map` (NPZ), of one split",
    )  # fmt: skip
    for name in SCORES:
        parser.add_argument(
            f"--{name}", type=Path, nargs="+", default=[], metavar="FILE",
            help=f"show the scores of `selavi {name}` (CSV), of one split or several",
        )  # fmt: skip
    parser.add_argument(
        "--corrected", type=Path, nargs="+", default=[], metavar="FILE",
        help="show the scores after corrections of `selavi correct --scores` (CSV), of one split "
        "or several, whose names are the files'",
    )  # fmt: skip
    for name, of in INSIGHT.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"show {of} (CSV)")
    parser.add_argument(
        "--seeds", type=Path, nargs="+", default=[], metavar="FILE",
        help="show how far these assignments of the split agree, by trainings with other seeds "
        "(CSV)",
    )  # fmt: skip
    arguments.file(parser, "output", "write index.html, and clips/, data/ and a script beside it")
    parser.add_argument(
        "--title", default="selavi", metavar="TEXT", help="set the title of the page"
    )
    arguments.page_limits(parser)
    arguments.known_clusters(parser)
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="encode N clips at a time (default: 1)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.files import UserError
    from selavi.reporting.explorer import make_explorer
    from selavi.reporting.explorer.insight import Insight

    if len(options.assignments) != len(options.index):
        raise UserError(
            f"there are {len(options.assignments)} files of assignments and {len(options.index)} "
            "indexes; give one index for each"
        )
    make_explorer(
        list(zip(options.assignments, options.index, strict=True)),
        options.output,
        title=options.title,
        clips_per_cluster=options.clips_per_cluster,
        max_megabytes=options.max_megabytes,
        threads=options.threads,
        clusters=options.clusters,
        names=options.names,
        corrections=options.corrections,
        positions=options.map,
        seeds=options.seeds,
        insight=Insight(**{name: getattr(options, name) for name in Insight.__annotations__}),
    )
