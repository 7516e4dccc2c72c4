"""selavi list-clips: number the clips of a split without media."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.files import UserError
from selavi.settings import DatasetSettings

HELP = "number the clips of a split that has no media, only features"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    parser.add_argument("--split", required=True, metavar="NAME", help="list this split")
    arguments.index_outputs(parser)


def run(options: argparse.Namespace) -> None:
    from selavi.data.sources.clip_table import ClipTable
    from selavi.data.sources.factory import source_of

    source = source_of(read_section(options.settings, DatasetSettings), options.split)
    if not isinstance(source, ClipTable):
        raise UserError(f"split {options.split} is no table of clips: set its `clips`")
    source.write_index(options.output, options.rejected, options.summary)
