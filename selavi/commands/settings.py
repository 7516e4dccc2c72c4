"""selavi settings: check a configuration; show one of its sections with all values filled in."""

import argparse
import logging
from pathlib import Path

from selavi.config_file import section_text, write_section
from selavi.files import UserError, write_text
from selavi.preflight.config_files import read_config
from selavi.settings import EVALUATIONS, Section
from selavi.settings.json_schema import schema_text
from selavi.settings.page import page

log = logging.getLogger(__name__)

HELP = "check a configuration; show the complete settings of a dataset, a run or an evaluation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--configfile", type=Path, nargs="+", metavar="FILE",
        help="merge these configuration files (YAML), the later over the earlier",
    )  # fmt: skip
    source.add_argument(
        "--schema", type=Path, metavar="FILE", help="write the JSON schema and nothing else"
    )
    source.add_argument(
        "--describe", type=Path, metavar="FILE",
        help="write the page that describes every setting and nothing else",
    )  # fmt: skip
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dataset", metavar="NAME", help="write the settings of this dataset")
    which.add_argument("--media", metavar="NAME", help="write the media settings of this dataset")
    which.add_argument("--run", metavar="NAME", help="write the settings of this run")
    which.add_argument(
        "--evaluation", choices=EVALUATIONS, help="write the settings of this evaluation"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write them to this file (default: the screen)"
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
