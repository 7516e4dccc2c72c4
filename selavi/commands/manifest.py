"""selavi manifest: list the videos of a split."""

import argparse
from pathlib import Path

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import DatasetSettings, find_split, split_folder

HELP = "list every video of a split, with its class if it has one; nothing is decoded"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    parser.add_argument(
        "--split", required=True, metavar="NAME", help="list this split, such as train"
    )
    arguments.file(parser, "output", "write the manifest (CSV)")
    parser.add_argument(
        "--skipped", type=Path, metavar="FILE",
        help="write counts of the files that are no videos by their suffix (CSV)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    from selavi.data.manifest import write_manifest
    from selavi.data.sources.table import write_listed_manifest

    dataset = read_section(options.settings, DatasetSettings)
    split = find_split(dataset, options.split)
    if split.table:
        root = Path(dataset.root)
        table = root / split.table
        write_listed_manifest(
            root,
            table,
            dataset.labels,
            split.max_missing,
            split.shards,
            options.output,
            split.columns,
            options.skipped,
        )
    else:
        folder = split_folder(dataset, options.split)
        write_manifest(folder, dataset.labels, split.shards, options.output, options.skipped)
