"""selavi features: write pooled features and logits of videos."""

import argparse
from pathlib import Path

HELP = "write pooled features and logits of videos, per window or per second"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH",
        help="a file, a folder of videos and audio files, or a CSV with path[,start,end]",
    )  # fmt: skip
    parser.add_argument("--model", required=True, metavar="MODEL", help="a model file or zoo:NAME")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="write this .npz or .parquet"
    )
    parser.add_argument(
        "--window", type=float, metavar="SECONDS", help="cut files into windows of this length"
    )
    parser.add_argument(
        "--stride", type=float, metavar="SECONDS",
        help="begin a window this long after the one before; without --window, one row each time",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, metavar="N", help="decode N windows at a time (default: one per CPU)"
    )


def run(options: argparse.Namespace) -> int:
    from selavi.label.features import windows_for, write_features
    from selavi.label.loaded import load_labeller
    from selavi.label.options import Options

    loaded = load_labeller(options.model)
    windowing = windows_for(options.window, options.stride, loaded)
    made = write_features(
        options.paths, loaded, options.output, Options(windowing=windowing, workers=options.workers)
    )
    return 0 if len(made.windows) else 1
