"""selavi label: label videos with a trained model."""

import argparse
import logging
from pathlib import Path

HELP = "label videos: a cluster, with a confidence, for every window of every file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH",
        help="a file, a folder of videos and audio files, or a CSV with path[,start,end]",
    )  # fmt: skip
    parser.add_argument(
        "--model", metavar="MODEL", help="label with this model file or zoo:NAME; no training"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER",
        help="write the tables here (default: {name of the first path}-labels)",
    )  # fmt: skip
    parser.add_argument(
        "--window", type=float, metavar="SECONDS",
        help="cut files into windows of this length (default: 10, and files under 30 s are one)",
    )  # fmt: skip
    parser.add_argument(
        "--stride", type=float, metavar="SECONDS",
        help="begin a window this long after the one before (default: the window's length)",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, metavar="N", help="decode N windows at a time (default: one per CPU)"
    )


def run(options: argparse.Namespace) -> int:
    from selavi.files import UserError
    from selavi.label.label import label
    from selavi.label.loaded import load_labeller
    from selavi.label.options import Options
    from selavi.label.windows import Windowing

    if options.model is None:
        raise UserError("give a trained model: --model model.pt")
    output = options.output or default_output(options.paths[0])
    windowing = Windowing(options.window, options.stride)
    loaded = load_labeller(options.model)
    labels = label(
        options.paths, loaded, output, Options(windowing=windowing, workers=options.workers)
    )
    log = logging.getLogger("selavi")
    rejected = labels["reason"] != ""
    log.info("%s: %d windows labelled, %d rows rejected", output / "labels.csv",
             (~rejected).sum(), rejected.sum())  # fmt: skip
    if rejected.all():
        log.error("nothing could be labelled: see the columns reason and detail")
        return 1
    return 0


def default_output(path: Path) -> Path:
    """Where the tables go by default: in the working folder, named like the first path."""
    resolved = path.resolve()
    return Path(f"{resolved.stem if resolved.is_file() else resolved.name}-labels")
