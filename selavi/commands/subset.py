"""selavi subset: derive a split from another split."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.files import UserError
from selavi.settings import DatasetSettings

HELP = "derive a split from another split, by class or by a benchmark's split files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    parser.add_argument(
        "--split", required=True, metavar="NAME", help="derive this split, such as train1"
    )
    arguments.file(parser, "parent", "read the index of the parent split")
    arguments.index_outputs(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.data.sources.factory import source_of
    from selavi.data.sources.subset import Subset

    source = source_of(read_section(options.settings, DatasetSettings), options.split)
    if not isinstance(source, Subset):
        raise UserError(f"split {options.split} is no subset: set its `of`")
    source.write_index(options.parent, options.output, options.rejected, options.summary)
