"""selavi import-shards: import one WebDataset shard made elsewhere."""

import argparse
from pathlib import Path

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import DatasetSettings, find_split

HELP = "import one of the WebDataset shards that a split's settings name, from a path or URL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    parser.add_argument(
        "--split", required=True, metavar="NAME", help="import a shard of this split, such as train"
    )
    arguments.shard_outputs(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.data.shards.import_shards import fetch_shard

    dataset = read_section(options.settings, DatasetSettings)
    sources = find_split(dataset, options.split).sources
    if not 0 <= options.shard < len(sources):
        raise ValueError(f"split {options.split} has {len(sources)} shards in its `tars`")
    source = sources[options.shard]
    if "://" not in source:
        source = str(Path(dataset.root) / source)
    fetch_shard(source, options.tar, options.table, dataset.media, options.threads)
