"""selavi manifest: list the videos of a split."""

import argparse
from pathlib import Path

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.files import UserError
from selavi.settings import DatasetSettings, find_split

HELP = "list every video of a split, with its class if it has one; nothing is decoded"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    parser.add_argument(
        "--split", required=True, metavar="NAME", help="list this split, such as train"
    )
    arguments.file(parser, "output", "write the manifest (CSV)")
    parser.add_argument(
        "--skipped", type=Path, metavar="FILE",
        help="write counts of the files that are not videos, by suffix (CSV)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    from selavi.data.manifest import write_manifest
    from selavi.data.sources.factory import source_of
    from selavi.data.sources.source import VideoSource

    dataset = read_section(options.settings, DatasetSettings)
    source = source_of(dataset, options.split)
    if not isinstance(source, VideoSource):
        raise UserError(f"split {options.split} has no videos of its own, so it has no manifest")
    shards = find_split(dataset, options.split).shards
    write_manifest(source, shards, options.output, options.skipped)
