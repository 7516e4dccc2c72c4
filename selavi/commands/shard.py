"""selavi shard: normalise the videos of one shard into a tar."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import DatasetSettings

HELP = "normalise the videos of one shard with ffmpeg into a WebDataset tar"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    arguments.file(parser, "manifest", "manifest of the split (CSV)")
    parser.add_argument("--shard", type=int, required=True, metavar="N", help="number of the shard")
    arguments.file(parser, "tar", "the shard to write")
    arguments.file(parser, "table", "the fate of each video, to write (CSV)")
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="videos at a time (default: 1)"
    )


def run(options: argparse.Namespace) -> None:
    from selavi.data.shards import write_shard

    dataset = read_section(options.settings, DatasetSettings)
    write_shard(
        options.manifest,
        options.shard,
        options.tar,
        options.table,
        dataset.media,
        options.threads,
    )
