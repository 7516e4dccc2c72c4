"""Rates measured before: kept in the user's cache folder, so that a machine is measured once."""

import hashlib
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import torch
from pydantic import TypeAdapter, ValidationError

import selavi
from selavi.files import UserError, write_text

log = logging.getLogger(__name__)

Rate = TypeVar("Rate")
DAYS = 30  # a rate that is older is measured again


class RateCache:
    """Rates by all that they depend on: the machine, the code, and a key.

    again : measure also what is kept. reused : rates that were found in the cache.
    """

    def __init__(self, again: bool = False) -> None:
        self.again = again
        self.reused = 0
        self.folder = _folder()
        self._place = f"{_machine()}\n{_code()}"

    def get(self, kind: TypeAdapter[Rate], key: object, measure: Callable[[], Rate]) -> Rate:
        """The rate under `key`, measured if it is not there. `repr(key)` must tell all."""
        if self.folder is None:
            return measure()
        name = hashlib.sha256(f"{self._place}\n{key!r}".encode()).hexdigest()
        path = self.folder / f"{name}.json"
        if not self.again and _age_days(path) < DAYS:
            with suppress(OSError, ValidationError):  # cut off, or of a disk that is gone
                rate = kind.validate_json(path.read_bytes())
                self.reused += 1
                return rate
        rate = measure()
        try:
            write_text(path, kind.dump_json(rate).decode())
            _remove_old(self.folder)
        except (OSError, UserError) as error:
            log.debug("rates are not kept: %s", error)
        return rate


def _folder() -> Path | None:
    """Where rates are kept; None for a user without a home."""
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        return None
    return Path(cache) / "selavi/rates"


def _machine() -> str:
    """What computes here: nodes of a cluster may share a home."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        about = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
        threads = (os.cpu_count(), torch.get_num_threads())
        return repr((sorted(about), threads, device, torch.__version__))
    return repr((os.cpu_count(), torch.get_num_threads(), torch.__version__))


def _code() -> str:
    """A digest of the package: what it does per clip may change without its version."""
    found = hashlib.sha256()
    for path in sorted(Path(selavi.__path__[0]).rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def _age_days(path: Path) -> float:
    try:
        return (time.time() - path.stat().st_mtime) / 86400
    except OSError:
        return float("inf")


def _remove_old(folder: Path) -> None:
    for path in folder.glob("*.json"):
        if _age_days(path) >= DAYS:
            path.unlink(missing_ok=True)
