"""selavi import-shards: import one WebDataset shard made elsewhere."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.files import UserError
from selavi.settings import DatasetSettings

HELP = "import one of the WebDataset shards that a split's settings name, from a path or URL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    parser.add_argument(
        "--split", required=True, metavar="NAME", help="import a shard of this split, such as train"
    )
    arguments.shard_outputs(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.data.shards.import_shards import import_shard
    from selavi.data.sources.factory import source_of
    from selavi.data.sources.webdataset import WebDataset

    dataset = read_section(options.settings, DatasetSettings)
    source = source_of(dataset, options.split)
    tars = source.tars if isinstance(source, WebDataset) else []
    if not isinstance(source, WebDataset) or not 0 <= options.shard < len(tars):
        raise UserError(f"split {options.split} has {len(tars)} shards in its `tars`")
    import_shard(
        source.shard(options.shard), options.tar, options.table, dataset.media, options.threads
    )
