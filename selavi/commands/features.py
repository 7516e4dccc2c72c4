"""selavi features: write pooled features and logits of videos."""

import argparse
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
    from selavi.label.features import windows_for, write_features
    from selavi.label.loaded import load_labeller
    from selavi.label.options import Options

    loaded = load_labeller(options.model, options.embedder)
    windowing = windows_for(options.window, options.stride, loaded)
    made = write_features(
        options.paths, loaded, options.output, Options(windowing=windowing, workers=options.workers)
    )
    return 0 if len(made.windows) else 1
