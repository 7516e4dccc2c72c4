"""selavi settings: check a configuration and write one of its sections with every default."""

import argparse
import logging
from pathlib import Path

from selavi.config_file import schema_text, write_section
from selavi.files import UserError, write_text
from selavi.preflight.config_files import read_config
from selavi.settings import Section

log = logging.getLogger(__name__)

HELP = "check a configuration; write the settings of a dataset, its media, a run or a stage in full"
EVALUATIONS = ("baselines", "degrade", "retrieval", "finetune")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--configfile", type=Path, nargs="+", metavar="FILE",
        help="merge these configuration files (YAML), the later over the earlier",
    )  # fmt: skip
    source.add_argument(
        "--schema", type=Path, metavar="FILE", help="write the JSON schema and nothing else"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dataset", metavar="NAME", help="write the settings of this dataset")
    which.add_argument("--media", metavar="NAME", help="write the media settings of this dataset")
    which.add_argument("--run", metavar="NAME", help="write the settings of this run")
    which.add_argument(
        "--evaluation", choices=EVALUATIONS, help="write the settings of this evaluation"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write them to this file")


def run(options: argparse.Namespace) -> None:
    if options.schema:
        write_text(options.schema, schema_text())
        return
    config = read_config(options.configfile)
    names = ", ".join(map(str, options.configfile))
    sections: dict[str, dict[str, Section]] = {
        "dataset": dict(config.datasets),
        "media": {name: dataset.media for name, dataset in config.datasets.items()},
        "run": dict(config.runs),
        "evaluation": {name: getattr(config, name) for name in EVALUATIONS},
    }
    for kind, found in sections.items():
        name = getattr(options, kind)
        if name is None:
            continue
        if name not in found:
            raise UserError(f"{name!r} is not in {names}; there is: {', '.join(found)}")
        if options.output is None:
            raise UserError(f"--output is needed with --{kind}")
        write_section(options.output, found[name])
        return
    log.info(
        "%s: nothing wrong; datasets: %s; runs: %s",
        names, ", ".join(config.datasets), ", ".join(config.runs),
    )  # fmt: skip
