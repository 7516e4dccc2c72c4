"""Logging: sentences above the progress bars on the screen, and with times in a file."""

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from selavi import progress
from selavi.disk import refusal
from selavi.files import explain_refusal


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


class _File(logging.FileHandler):
    """Writes into a file; says once if it cannot, and goes on without."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        logging.getLogger().removeHandler(self)
        if isinstance(error, OSError):
            logging.getLogger("selavi").warning(refusal(error, self.baseFilename))
        else:
            super().handleError(record)


def start_logging(path: Path | None) -> None:
    """Log to the screen, and to `path` if given, with more detail there.

    Of a process group, the first process only. Raises UserError if `path` cannot be opened.
    """
    first = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun starts
    screen = _Told() if progress.is_read() else _Screen()
    screen.setFormatter(logging.Formatter("%(message)s"))
    screen.setLevel(logging.INFO)
    logging.basicConfig(level=logging.WARNING, handlers=[screen], force=True)
    logging.captureWarnings(True)
    logging.getLogger("selavi").setLevel(logging.DEBUG if first else logging.WARNING)
    if path and first:
        with explain_refusal(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = _File(path, mode="w", encoding="utf-8")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logging.getLogger().addHandler(file)
