"""Cache measured rates in the user's cache folder, so that each machine is measured once."""

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
from selavi.user import cache_folder

log = logging.getLogger(__name__)

Rate = TypeVar("Rate")
DAYS = 30  # older measurements are repeated


class RateCache:
    """Measurements by all that they depend on: the machine, the code, and a key.

    Parameters
    ----------
    again : bool
        Whether to repeat all measurements.

    Attributes
    ----------
    reused : int
        Measurements read from the cache so far.
    """

    def __init__(self, again: bool = False) -> None:
        self.again = again
        self.reused = 0
        self.folder = cache_folder("rates")
        self._context = f"{_machine()}\n{_code()}"

    def get(self, kind: TypeAdapter[Rate], key: object, measure: Callable[[], Rate]) -> Rate:
        """Read a rate from the cache, or measure and store it.

        Parameters
        ----------
        kind : TypeAdapter
            The rate's type.
        key : object
            Its `repr` must determine what is measured.
        measure : callable
            Measures the rate.

        Returns
        -------
        Rate
            The cached or measured rate.
        """
        if self.folder is None:
            return measure()
        name = hashlib.sha256(f"{self._context}\n{key!r}".encode()).hexdigest()
        path = self.folder / f"{name}.json"
        if not self.again and _age_days(path) < DAYS:
            with suppress(OSError, ValidationError):  # truncated, or the disk is gone
                rate = kind.validate_json(path.read_bytes())
                self.reused += 1
                return rate
        rate = measure()
        try:
            write_text(path, kind.dump_json(rate).decode())
            _remove_old(self.folder)
        except (OSError, UserError) as error:
            log.debug("rates are not cached: %s", error)
        return rate


def _machine() -> str:
    """The hardware: nodes of a cluster may share a home folder."""
    # Not torch.get_num_threads(), which a training earlier in this process may have set.
    threads = len(os.sched_getaffinity(0)), os.environ.get("OMP_NUM_THREADS")
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
        return repr((sorted(cpu), threads, device, torch.__version__))
    return repr((threads, torch.__version__))


def _code() -> str:
    """A digest of the package's code, which may change without its version."""
    digest = hashlib.sha256()
    for path in sorted(Path(selavi.__path__[0]).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _age_days(path: Path) -> float:
    try:
        return (time.time() - path.stat().st_mtime) / 86400
    except OSError:
        return float("inf")


def _remove_old(folder: Path) -> None:
    for path in folder.glob("*.json"):
        if _age_days(path) >= DAYS:
            path.unlink(missing_ok=True)
