"""Progress of a job: a progress bar, or JSON lines that `selavi run` reads.

`selavi run` starts the jobs, through Snakemake, with a pipe as stderr, and names the pipe in the
environment. A process whose stderr is that pipe writes JSON lines to it. Any other, whose stderr is
a terminal, a file or a cluster's log, shows a normal progress bar and log.
"""

import io
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from select import PIPE_BUF
from typing import Any

from tqdm.auto import tqdm

PIPE = "SELAVI_RUN_PIPE"
MARK = "\x1eselavi "
"""Prefix of a line for `selavi run`."""
INTERVAL_SECONDS = 0.5
IN_NOTEBOOK = tqdm.__module__ == "tqdm.auto"  # else it is the class for terminals
NOTICE = {"notice": True}
"""`log.info(message, extra=NOTICE)` is shown by `selavi run` too, like a warning."""


def pipe_name(descriptor: int) -> str:
    """Name of an open pipe, the same in every process that holds it."""
    status = os.fstat(descriptor)
    return f"{status.st_dev}:{status.st_ino}"


def is_read() -> bool:
    """Whether `selavi run` reads what this process writes to stderr."""
    if PIPE not in os.environ:
        return False
    with suppress(OSError, ValueError):  # stderr is closed or not a file
        return pipe_name(sys.stderr.fileno()) == os.environ[PIPE]
    return False


def tell(**facts: Any) -> None:
    """Write one JSON line for `selavi run`.

    Lines are short enough to be written atomically, so that processes do not mix them: a long
    message keeps only its end.
    """
    log = next((h for h in logging.getLogger().handlers if hasattr(h, "baseFilename")), None)
    name = os.path.relpath(log.baseFilename) if log else ""
    facts["log"] = name
    while len(line := f"{MARK}{json.dumps(facts)}\n".encode()) > PIPE_BUF:
        message = facts.get("message")
        if not message:
            return
        facts["message"] = message[len(message) // 8 + 1 :]
    with suppress(OSError):  # the job continues if `selavi run` has ended
        os.write(sys.stderr.fileno(), line)


class Bar(tqdm):  # type: ignore[type-arg]  # cannot be subscripted at run time
    """tqdm's bar on a terminal and in a notebook, JSON lines for `selavi run`, else nothing."""

    vanish = False
    """Whether new bars are removed at their end, see `bars_that_vanish`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.read, self.last_sent = is_read(), 0.0
        options.setdefault("disable", False if IN_NOTEBOOK else None)
        options.setdefault("leave", not Bar.vanish)
        if options.get("total") == 0:
            options["disable"] = True
        if self.read:
            options |= {"disable": bool(options["disable"]), "file": io.StringIO()}
        super().__init__(*arguments, **options)

    def display(self, *arguments: Any, **options: Any) -> None:
        """Show the progress."""
        if not self.read:
            super().display(*arguments, **options)
            return
        now = time.monotonic()
        if self.total and (now > self.last_sent + INTERVAL_SECONDS or self.n == self.total):
            self.last_sent = now
            tell(done=self.n, total=self.total, what=self.desc.removesuffix(": "))


@contextmanager
def bars_that_vanish() -> Iterator[None]:
    """Remove the bars of this block at their end: of work that is no result."""
    Bar.vanish, before = True, Bar.vanish
    try:
        yield
    finally:
        Bar.vanish = before


def duration(seconds: float) -> str:
    """A time span for people, such as "5 min" or "2 h 05 min"."""
    for size, next_size, unit in ((1, 100, "s"), (60, 5400, "min")):
        if seconds < next_size:
            return f"{max(1, round(seconds / size))} {unit}"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours / 24:.1f} days"
