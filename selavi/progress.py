"""What a job says of itself while it works: a progress bar, or lines that `selavi run` reads.

`selavi run` starts the jobs, through Snakemake, with a pipe in place of the screen, and names the
pipe in the environment. A process whose stderr is that very pipe writes JSON lines there; any
other, whose stderr goes to a terminal, a file or a cluster's log, shows what it always shows.
"""

import io
import json
import logging
import os
import sys
import time
from contextlib import suppress
from select import PIPE_BUF
from typing import Any

from tqdm import tqdm

PIPE = "SELAVI_RUN_PIPE"
MARK = "\x1eselavi "
"""How a line for `selavi run` begins."""
INTERVAL_SECONDS = 0.5
NOTICE = {"notice": True}
"""`log.info(words, extra=NOTICE)`: shown by `selavi run` too, where else only warnings are."""


def pipe_name(descriptor: int) -> str:
    """Name of an open pipe, the same in every process that has it."""
    status = os.fstat(descriptor)
    return f"{status.st_dev}:{status.st_ino}"


def is_read() -> bool:
    """Whether `selavi run` reads what this process writes to stderr."""
    if PIPE not in os.environ:
        return False
    with suppress(OSError, ValueError):  # stderr is closed, or no file
        return pipe_name(sys.stderr.fileno()) == os.environ[PIPE]
    return False


def tell(**facts: Any) -> None:
    """Write one line for `selavi run`, short enough that those of several processes do not mix.

    Of a long message the end stays.
    """
    log = next((h for h in logging.getLogger().handlers if hasattr(h, "baseFilename")), None)
    name = os.path.relpath(log.baseFilename) if log else ""
    facts["log"] = name
    while len(line := f"{MARK}{json.dumps(facts)}\n".encode()) > PIPE_BUF:
        words = facts.get("message")
        if not words:
            return
        facts["message"] = words[len(words) // 8 + 1 :]
    with suppress(OSError):  # the reader is gone: keep working
        os.write(sys.stderr.fileno(), line)


class Bar(tqdm):  # type: ignore[type-arg]  # cannot be subscripted when it runs
    """A bar as tqdm's on a terminal, lines where `selavi run` reads them, nothing elsewhere."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.read, self.told = is_read(), 0.0
        options.setdefault("disable", None)
        if self.read:
            options |= {"disable": bool(options["disable"]), "file": io.StringIO()}
        super().__init__(*arguments, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Show how far the work has come."""
        if not self.read:
            super().display(msg, pos)
            return
        now = time.monotonic()
        if self.total and (now > self.told + INTERVAL_SECONDS or self.n == self.total):
            self.told = now
            tell(done=self.n, total=self.total, what=self.desc.removesuffix(": "))


def duration(seconds: float) -> str:
    """A time span in words, as exact as anyone wants it."""
    for size, next_size, unit in ((1, 100, "s"), (60, 5400, "min")):
        if seconds < next_size:
            return f"{max(1, round(seconds / size))} {unit}"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours / 24:.1f} days"
