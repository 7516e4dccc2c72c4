"""selavi manifest: list the videos of a split."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import DatasetSettings, split_folder

HELP = "list every video of a split, with its class if it has one; nothing is decoded"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    parser.add_argument("--split", required=True, metavar="NAME", help="split, such as train")
    arguments.file(parser, "output", "the manifest to write (CSV)")


def run(options: argparse.Namespace) -> None:
    from selavi.data.manifest import write_manifest

    dataset = read_section(options.settings, DatasetSettings)
    folder = split_folder(dataset, options.split)
    shards = dataset.splits[options.split].shards
    write_manifest(folder, dataset.labels, shards, options.output)
