"""Logging: sentences above the progress bars on the screen, and with times in a file."""

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from selavi import progress


class _Screen(logging.Handler):
    """Prints without breaking progress bars; to a terminal that is gone, nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            tqdm.write(self.format(record), file=sys.stderr)


class _Told(logging.Handler):
    """Tells `selavi run`, which has a screen of its own."""

    def emit(self, record: logging.LogRecord) -> None:
        notice = record.levelno == logging.WARNING or getattr(record, "notice", False)
        error = record.levelno > logging.WARNING
        progress.tell(message=self.format(record)[-2000:], notice=notice, error=error)


def start_logging(path: Path | None) -> None:
    """Log to the screen, and to `path` if given, with more detail there.

    Of a process group, the first process only.
    """
    first = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun starts
    screen = _Told() if progress.is_read() else _Screen()
    screen.setFormatter(logging.Formatter("%(message)s"))
    screen.setLevel(logging.INFO)
    handlers: list[logging.Handler] = [screen]
    if path and first:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(path, mode="w", encoding="utf-8"))
        handlers[-1].setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=handlers, force=True)
    logging.captureWarnings(True)
    logging.getLogger("selavi").setLevel(logging.DEBUG if first else logging.WARNING)
