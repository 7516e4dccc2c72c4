"""selavi features: write pooled features and logits of videos."""

import argparse
import logging
from pathlib import Path

from selavi.commands import arguments

HELP = "write pooled features and logits of videos, per window or per second"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.videos(
        parser,
        "10, and files under 30 s are one; with --stride, what the network sees",
        "the window's length",
    )
    parser.add_argument("--model", required=True, metavar="MODEL", help="a model file or zoo:NAME")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="write this .npz or .parquet"
    )


def run(options: argparse.Namespace) -> int:
    from selavi.files import write_csv
    from selavi.label.features import windows_for, write_features
    from selavi.label.loaded import load_labeller
    from selavi.label.options import Options

    loaded = load_labeller(options.model, options.embedder)
    windowing = windows_for(options.window, options.stride, loaded)
    made = write_features(
        options.paths, loaded, options.output, Options(windowing=windowing, workers=options.workers)
    )
    log = logging.getLogger("selavi")
    if len(made.rejected):
        table = options.output.with_suffix(".rejected.csv")
        write_csv(table, made.rejected)
        counts = made.rejected["reason"].value_counts()
        reasons = ", ".join(f"{count} x {reason}" for reason, count in counts.items())
        log.warning("%d windows have no features: %s; see %s", len(made.rejected), reasons, table)
    if len(made.windows):
        return 0
    log.error("no features could be computed of any file")
    return 1
