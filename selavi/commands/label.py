"""selavi label: label videos with a trained model, or one trained on these videos."""

import argparse
import logging
import os
from pathlib import Path

from selavi.commands import arguments
from selavi.formulas import RAW
from selavi.label.formats import FORMATS

PRESETS = ("features", "small", "paper")
HELP = "label videos: a cluster, with a confidence, for every window of every file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.videos(parser, "10, and files under 30 s are one", "the window's length")
    parser.add_argument(
        "--model", metavar="MODEL",
        help="label with this model file or zoo:NAME (default: train one on these videos)",
    )  # fmt: skip
    arguments.clusters(parser)
    parser.add_argument(
        "--init", metavar="WEIGHTS",
        help="without --model: the encoders start from these weights, as network.init has it",
    )  # fmt: skip
    parser.add_argument(
        "--preset", choices=PRESETS,
        help="without --model: what is trained, heads on features of trained encoders, or networks "
        "for a CPU (small) or a GPU (paper) (default: by the machine and by what is installed)",
    )  # fmt: skip
    parser.add_argument(
        "--retrain", action="store_true",
        help="without --model: train again; the names of clusters are carried over",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER",
        help="write the tables here (default: {name of the first path}-labels)",
    )  # fmt: skip
    parser.add_argument(
        "--shots", action="store_true",
        help="begin a window at each scene change; longer shots are cut into windows as files are",
    )  # fmt: skip
    parser.add_argument(
        "--format", nargs="+", choices=FORMATS, default=[], metavar="NAME",
        help=f"also write the labels for other programs: {', '.join(FORMATS)}",
    )  # fmt: skip
    parser.add_argument(
        "--link-folders", action="store_true",
        help="also make a folder per cluster with links to its videos",
    )  # fmt: skip
    parser.add_argument(
        "--explorer", action="store_true",
        help="also make an HTML page to watch and hear the clusters, which is always made without "
        "--model; six seconds of each window are stored for it",
    )  # fmt: skip
    arguments.page_limits(parser)
    parser.add_argument(
        "--corrections", type=Path, metavar="FILE",
        help="apply corrections that were saved from the page (JSON): names, moved windows, merged "
        "and new clusters, tags",
    )  # fmt: skip
    parser.add_argument(
        "--raw-csv", action="store_true",
        help="write CSV cells that a spreadsheet would run as formulas unchanged",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    from selavi.files import UserError
    from selavi.label.corrections_file import read_corrections
    from selavi.label.label import heads_of, label, stored_clips, used_corrections
    from selavi.label.loaded import load_labeller
    from selavi.label.options import Options
    from selavi.label.windows import Windowing
    from selavi.reporting.explorer.insight import model_facts, prescribed_sizes
    from selavi.reporting.label_results import PAGE_SECONDS, Page, Wanted, show_labels
    from selavi.running.learn import Wishes, labelled, learn

    training = options.model is None
    if not training and any((options.clusters, options.init, options.preset, options.retrain)):
        raise UserError(
            "--clusters, --init, --preset and --retrain are for training, and --model gives a "
            "trained model; leave out the one or the others"
        )
    if options.raw_csv:
        os.environ[RAW] = "1"
    output = options.output or default_output(options.paths[0])
    with_page = options.explorer or training
    how = Options(
        Windowing(options.window, options.stride),
        PAGE_SECONDS if with_page else None,
        options.workers,
        options.shots,
        options.corrections,
    )
    model = options.model
    if options.corrections:
        read_corrections(options.corrections)  # or an error, before a training
    if training:
        wishes = Wishes(options.clusters, options.init, options.preset, options.retrain)
        learned = learn(options.paths, output, how, wishes)
        if learned.status:
            return learned.status
        model, how = str(learned.model), learned.options
    loaded = load_labeller(model, options.embedder, how.threads)
    labels = label(options.paths, loaded, output, how)
    if training:
        labelled(output)
    page = None
    if with_page and labels["model_cluster"].notna().any():
        clips = stored_clips(output, loaded, how)
        facts = model_facts(loaded.facts, Path(model).with_name("log.csv") if training else None)
        if training:
            facts |= prescribed_sizes(loaded.facts, loaded.network.cluster_counts)
        page = Page(
            clips, heads_of(output, loaded, how), options.clips_per_cluster, options.max_megabytes,
            how.threads, facts, used_corrections(output, how),
        )  # fmt: skip
    show_labels(labels, output, Wanted(options.format, options.link_folders), page)
    if labels["model_cluster"].isna().all():
        logging.getLogger("selavi").error(
            "nothing could be labelled: the columns reason and detail of %s say why",
            output / "labels.csv",
        )
        return 1
    return 0


def default_output(path: Path) -> Path:
    """Where the tables go by default: in the working folder, named like the first path."""
    real = Path(os.path.realpath(path))  # of a link to itself, the link
    return Path(f"{(real.stem if real.is_file() else real.name) or 'all'}-labels")
