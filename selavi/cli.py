"""`selavi <stage>`: the stages in order, one command each.

Commands import heavy libraries inside their `run`, so that `--help` and the small stages start at
once.
"""

import argparse
import atexit
import difflib
import gc
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from selavi import __version__
from selavi.disk import unexplained
from selavi.engine.stop import RESUMABLE, GaveUp, Stopped
from selavi.files import UserError
from selavi.logs import start_logging
from selavi.shortage import shortage
from selavi.stages import COMMANDS
from selavi.user import settle_user

TOOLS = ("label", "features", "export", "init", "run", "launch", "doctor", "estimate", "zoo")

FEW = 12  # choices that an error lists

DESCRIPTION = """\
Label unlabelled videos: audio-visual self-labelling by optimal transport.

begin with one of:
  selavi label VIDEOS                  a cluster for every video of a folder, and a page to see them
  selavi init FOLDER --videos VIDEOS   a project with settings of its own; then, in it, selavi run
"""

EPILOG = """\
The stages are in the order in which data flows through them. Below them are the tools. run takes
Snakemake's arguments:

  selavi run                           run config.yaml, or config/demo.yaml
  selavi run --configfile mine.yaml    run your own configuration
  selavi run -n                        show the plan
  selavi run -- metrics_all            run one stage and what it needs
  snakemake --profile slurm            run config/paper.yaml on a cluster

`selavi STAGE --help` shows how to run a stage by hand.
"""


def run_and_exit() -> NoReturn:
    """Run the command line's stage or tool, and end the process.

    Importing PyTorch makes millions of objects, none of them garbage. Python would look through
    them again and again during the imports, and free them one by one at exit, which together take
    longer than the imports.
    """
    gc.set_threshold(50_000, 20, 50)
    status = _complete(main)
    threading._shutdown()  # type: ignore[attr-defined]  # ends pools of threads, and joins others
    atexit._run_exitfuncs()
    os._exit(_complete(sys.stdout.flush) or status)


def _complete(call: Callable[[], int | None]) -> int:
    """The exit status after a call, also if it ends the program or nobody reads its output."""
    try:
        return call() or 0
    except SystemExit as end:  # of argparse
        return end.code if isinstance(end.code, int) else 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        return 128 + signal.SIGPIPE
    except OSError as error:
        sys.stderr.write(f"selavi: the output could not be written: {error}\n")
        return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage or tool.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the command line.

    Returns
    -------
    int
        0 for success, 1 for an error, which is logged, 75 for "run the same command to resume", 130
        for a second interrupt; for `run` and `launch` that of what they started.
    """
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
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        log.error("selavi %s: interrupted", options.stage)
        return 130
    except (Stopped, GaveUp) as stopped:
        log.warning("stopped on request; %s", stopped)
        return RESUMABLE
    except Exception as error:
        if words := shortage(error) or (unexplained(error) if isinstance(error, OSError) else ""):
            return _mistake(options, words)
        log.exception(
            "selavi %s: unexpected error; please report it with these lines", options.stage
        )
        return 1
    return status or 0


def _mistake(options: argparse.Namespace, words: str) -> int:
    """Log what is wrong, and which file has the traceback of the current exception."""
    log = logging.getLogger("selavi")
    log.error("selavi %s: %s", options.stage, words)
    log.debug("traceback:", exc_info=True)
    log.info("%s has the traceback", options.log or "with --log FILE, that file")
    return 1


class _Parser(argparse.ArgumentParser):
    """A parser that names the nearest right word in place of all of them."""

    def error(self, message: str) -> NoReturn:
        """End the process with a message."""
        if wrong := re.search(
            r"invalid choice: '(.*)' (\(choose from (.*)\))$", message, re.DOTALL
        ):
            choices = [word.strip(" '") for word in wrong[3].split(",")]
            near = difflib.get_close_matches(wrong[1], choices, 1)
            known = wrong[2] if len(choices) <= FEW else f"(`{self.prog} --help` lists all)"
            hint = f"; did you mean {near[0]!r}?" if near else ""
            message = f"{message[: wrong.start(2) - 1]}{hint} {known}"
        elif message.endswith("required: STAGE"):
            message = "name a stage or tool: `selavi label VIDEOS` begins; `selavi --help` has all"
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="selavi",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"selavi {__version__}")
    stages = parser.add_subparsers(dest="stage", metavar="STAGE", required=True, title="stages")
    for name in (*COMMANDS, *TOOLS):
        command = import_module(f"selavi.commands.{name.replace('-', '_')}")
        stage = stages.add_parser(
            name, help=command.HELP, description=command.HELP + ".", allow_abbrev=name != "run"
        )
        stage.add_argument(
            "--log", type=Path, metavar="FILE", help="also write the log to this file"
        )
        command.add_arguments(stage)
        stage.set_defaults(call=command.run)
    return parser
