"""Logging to the screen, above progress bars, and with times to a file."""

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
    """Prints without breaking progress bars; ignores a terminal that is closed."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            tqdm.write(self.format(record), file=sys.stderr)


class _RunMessages(logging.Handler):
    """Sends messages to `selavi run`, which has its own display."""

    def emit(self, record: logging.LogRecord) -> None:
        notice = record.levelno == logging.WARNING or getattr(record, "notice", False)
        error = record.levelno > logging.WARNING
        progress.tell(message=self.format(record)[-2000:], notice=notice, error=error)


class _File(logging.FileHandler):
    """Writes to a file; if that fails, logs the error once and stops writing."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        logging.getLogger().removeHandler(self)
        if isinstance(error, OSError):
            logging.getLogger("selavi").warning(refusal(error, self.baseFilename))
        else:
            super().handleError(record)


def start_logging(path: Path | None) -> None:
    """Log to the screen and to a file; in a process group, only rank 0 does.

    Parameters
    ----------
    path : Path or None
        The file, which gets more detail; None for the screen alone.

    Raises
    ------
    UserError
        If the file cannot be opened.
    """
    first = os.environ.get("RANK", "0") == "0"
    screen = _RunMessages() if progress.is_read() else _Screen()
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
