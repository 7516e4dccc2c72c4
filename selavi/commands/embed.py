"""selavi embed: compute the features of the clips of a shard."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import EmbedderSettings

HELP = "compute features of the clips of a shard with an embedder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "embedder")
    arguments.file(parser, "tar", "read the shard")
    arguments.file(parser, "table", "read the table of the shard's videos (CSV)")
    arguments.file(parser, "output", "write the features (.npz)")
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="use N threads (default: 1)"
    )


def run(options: argparse.Namespace) -> None:
    import torch

    from selavi.embedding.embed import embed_shard

    torch.set_num_threads(options.threads)
    settings = read_section(options.settings, EmbedderSettings)
    embed_shard(settings, options.tar, options.table, options.output, options.threads)
