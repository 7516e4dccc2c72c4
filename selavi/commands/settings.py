"""selavi settings: check a configuration; show one of its sections with all values filled in."""

import argparse
import logging
from pathlib import Path

from selavi.config_file import section_text, write_section
from selavi.files import UserError, write_text
from selavi.preflight.config_files import read_config
from selavi.settings import Section
from selavi.settings.json_schema import schema_text
from selavi.settings.page import page

log = logging.getLogger(__name__)

HELP = "check a configuration; show the complete settings of a dataset, a run or an evaluation"
EVALUATIONS = ("baselines", "degrade", "retrieval", "finetune")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--configfile", type=Path, nargs="+", metavar="FILE",
        help="configuration files (YAML); later files override earlier ones",
    )  # fmt: skip
    source.add_argument(
        "--schema", type=Path, metavar="FILE", help="write the JSON schema and nothing else"
    )
    source.add_argument(
        "--describe", type=Path, metavar="FILE", help="write the page that describes every setting"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dataset", metavar="NAME", help="show a dataset's settings")
    which.add_argument("--media", metavar="NAME", help="show a dataset's media settings")
    which.add_argument("--run", metavar="NAME", help="show a run's settings")
    which.add_argument("--evaluation", choices=EVALUATIONS, help="show an evaluation's settings")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write them to a file instead of the screen"
    )


def run(options: argparse.Namespace) -> None:
    if options.schema:
        write_text(options.schema, schema_text())
        return
    if options.describe:
        write_text(options.describe, page())
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
            print(section_text(found[name]), end="")
        else:
            write_section(options.output, found[name])
        return
    log.info(
        "%s: valid; datasets: %s; runs: %s",
        names, ", ".join(config.datasets), ", ".join(config.runs),
    )  # fmt: skip
