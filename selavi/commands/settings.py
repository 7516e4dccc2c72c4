"""selavi settings: check a configuration and write one of its sections with every default."""

import argparse
from pathlib import Path

from selavi.config_file import read_section, schema_text, write_section
from selavi.files import UserError, write_text
from selavi.settings import Config

HELP = "check a configuration; write a dataset's, its media's or a run's settings in full"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", type=Path, metavar="FILE", help="configuration file (YAML)")
    source.add_argument(
        "--schema", type=Path, metavar="FILE", help="write the JSON schema and nothing else"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dataset", metavar="NAME", help="the dataset whose settings to write")
    which.add_argument("--media", metavar="NAME", help="the dataset whose media settings to write")
    which.add_argument("--run", metavar="NAME", help="the run whose settings to write")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write them")


def run(options: argparse.Namespace) -> None:
    if options.schema:
        write_text(options.schema, schema_text())
        return
    config = read_section(options.config, Config)
    name = options.dataset or options.media or options.run
    if name is None:
        return
    sections = config.runs if options.run else config.datasets
    if name not in sections:
        raise UserError(f"{name!r} is not in {options.config}; it has: {', '.join(sections)}")
    if options.output is None:
        raise UserError("--output is needed with --dataset, --media and --run")
    write_section(options.output, config.datasets[name].media if options.media else sections[name])
