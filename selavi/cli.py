"""`selavi <stage>`: the stages in order, one command each.

A command's imports of heavy libraries stand inside its `run`, so that `--help` and the small stages
start at once.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from selavi import __version__
from selavi.disk import unsaid
from selavi.engine.stop import RESUMABLE, GaveUp, Stopped
from selavi.files import UserError
from selavi.logs import start_logging
from selavi.shortage import shortage
from selavi.user import settle_user

STAGES = (
    "demo-data",
    "settings",
    "manifest",
    "shard",
    "import-shards",
    "index",
    "subset",
    "pretrain",
    "assign",
    "export",
    "metrics",
    "baselines",
    "degrade",
    "evaluate-degraded",
    "retrieval",
    "finetune",
    "tables",
    "figures",
    "distributions",
    "plot-degraded",
    "neighbours",
    "explorer",
    "costs",
)
TOOLS = ("run", "launch", "doctor", "estimate")

EPILOG = """\
The stages are listed in the order in which data flows through them, then the tools: run runs all
stages, launch one of them as a group of processes, doctor looks for what is missing, estimate tells
time and disk. The arguments of run are Snakemake's:

  selavi run                           everything in config/demo.yaml
  selavi run --configfile mine.yaml    everything in a configuration of your own
  selavi run -n                        the plan only
  selavi run -- metrics_all            one stage, and what it needs
  snakemake --profile slurm            everything in config/paper.yaml, on a cluster

Each stage can be run by hand too; `selavi STAGE --help` says how.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage or tool. Returns 0; 1 for a mistake that it explains; 75 for "go on later"."""
    settle_user()
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    options.rest = rest
    if rest and options.stage != "run":  # whose arguments are Snakemake's
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    log = logging.getLogger("selavi")
    try:
        start_logging(options.log)
        status: int | None = options.call(options)
    except UserError as error:
        log.error("selavi %s: %s", options.stage, error)
        return 1
    except ValueError as error:  # a mistake in the settings, or ours, or a library's
        return _mistake(options, str(error))
    except KeyboardInterrupt:
        log.error("selavi %s: interrupted", options.stage)
        return 130
    except (Stopped, GaveUp) as stopped:
        log.warning("stopped on request; %s", stopped)
        return RESUMABLE
    except Exception as error:
        if words := shortage(error) or (unsaid(error) if isinstance(error, OSError) else ""):
            return _mistake(options, words)
        log.exception(
            "selavi %s: unexpected error; please report it with these lines", options.stage
        )
        return 1
    return status or 0


def _mistake(options: argparse.Namespace, words: str) -> int:
    """Say what is wrong, and where to read the traceback of the exception that is being handled."""
    log = logging.getLogger("selavi")
    log.error("selavi %s: %s", options.stage, words)
    log.debug("where it happened", exc_info=True)
    log.info("%s tells where it happened", options.log or "with --log FILE, that file")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="selavi",
        description="Label unlabelled videos: audio-visual self-labelling by optimal transport.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"selavi {__version__}")
    stages = parser.add_subparsers(dest="stage", metavar="STAGE", required=True, title="stages")
    for name in (*STAGES, *TOOLS):
        command = import_module(f"selavi.commands.{name.replace('-', '_')}")
        stage = stages.add_parser(
            name, help=command.HELP, description=command.HELP + ".", allow_abbrev=name != "run"
        )
        stage.add_argument("--log", type=Path, metavar="FILE", help="write the log here as well")
        command.add_arguments(stage)
        stage.set_defaults(call=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
