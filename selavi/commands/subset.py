"""selavi subset: derive a split from another split."""

import argparse
from pathlib import Path

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import DatasetSettings, find_split

HELP = "derive a split from another split, by class or by a benchmark's split files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    parser.add_argument(
        "--split", required=True, metavar="NAME", help="derive this split, such as train1"
    )
    arguments.file(parser, "parent", "read the index of the parent split")
    arguments.index_outputs(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.data.sources.subset import subset_by_class, subset_by_split_files

    dataset = read_section(options.settings, DatasetSettings)
    split = find_split(dataset, options.split)
    outputs = (options.output, options.rejected, options.summary)
    if split.classes:
        subset_by_class(options.parent, split.classes, *outputs)
    elif split.official:
        folder = Path(dataset.root) / split.official.folder
        subset_by_split_files(options.parent, folder, split.official, split.max_missing, *outputs)
    else:
        raise ValueError(f"split {options.split} is no subset: set its `of`")
