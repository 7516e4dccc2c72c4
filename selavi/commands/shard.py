"""selavi shard: normalise the videos of one shard into a tar."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import MediaSettings

HELP = "normalise the videos of one shard with ffmpeg into a WebDataset tar"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset's media")
    arguments.file(parser, "manifest", "read the manifest of the split (CSV)")
    arguments.shard_outputs(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.data.shards.writer import write_shard

    media = read_section(options.settings, MediaSettings)
    write_shard(
        options.manifest,
        options.shard,
        options.tar,
        options.table,
        media,
        options.threads,
    )
