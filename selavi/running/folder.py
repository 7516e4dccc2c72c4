"""One run at a time in a working folder, and what a run that was killed has left in it.

Snakemake marks its folder by files, which outlive it when it is killed. Ours is a lock of the
kernel's, which ends with the process: its holder may clear the marks of a dead run.
"""

import fcntl
import logging
import os
import platform
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psutil

from selavi import progress
from selavi.files import UserError

log = logging.getLogger(__name__)

GRACE_SECONDS = 120.0  # for jobs that a killed run left behind to save and end


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the only `selavi run` in `folder`. Raises UserError if another one is."""
    path = folder / ".snakemake" / "selavi.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another one"
            raise UserError(
                f"`selavi run` works in {folder} already ({holder}): wait for it, or end it"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        yield
        file.truncate(0)


def clear(folder: Path) -> bool:
    """End jobs that a killed `selavi run` has left; say whether Snakemake is to be unlocked.

    Raises UserError if somebody works in the folder, or may do so where we cannot look.
    """
    mine = left_behind(folder)
    others = [process for process in _processes_in(folder) if _runs(process, "snakemake")]
    if others:
        number = others[0].pid
        raise UserError(
            f"Snakemake works in {folder} already (process {number}): wait for it, or end it with: "
            f"kill -INT {number}"
        )
    locks = list((folder / ".snakemake" / "locks").glob("*.lock"))
    if locks:
        _require_unlockable(folder, locks[0])
    if mine:
        log.warning(
            "jobs of a run that was killed still work here (%d): they save, and end", len(mine)
        )
        end(mine)
    if locks:
        log.warning("unlocking the folder: the run that had locked it was killed")
    return bool(locks)


def _require_unlockable(folder: Path, lock: Path) -> None:
    """Raise UserError if the run that has locked a folder, or its jobs, may work elsewhere."""
    status = lock.stat()
    said = _said_before(folder, status.st_mtime)
    host = re.search(r"^\s*Host: (.*)$", said, re.MULTILINE)
    cancel = ""
    if status.st_uid != os.getuid():
        why = f"it was locked by user {status.st_uid}"
    elif host is None:
        why = "no log in .snakemake/log says where the run was that locked it"
    elif host[1] != platform.node():
        why = f"the run that locked it was on {host[1]}"
    elif "Provided remote nodes" in said:
        why = "the run that locked it submitted its jobs, which may still be at work"
        cancel = "Cancel them first (Slurm: squeue --me, scancel). "
    else:
        return
    raise UserError(
        f"{folder} is locked, and {why}. {cancel}If nobody works there any more: snakemake --unlock"
    )


def ask(jobs: list[psutil.Process]) -> None:
    """Ask jobs to save and end."""
    for job in jobs:
        with suppress(psutil.NoSuchProcess):
            job.terminate()


def end(jobs: list[psutil.Process]) -> None:
    """Ask jobs to save and end, and wait; kill those that have not ended in time."""
    ask(jobs)
    _, late = psutil.wait_procs(jobs, GRACE_SECONDS)
    for job in late:
        with suppress(psutil.NoSuchProcess):
            job.kill()


def left_behind(folder: Path) -> list[psutil.Process]:
    """Jobs that some `selavi run` started in `folder`."""
    return _commands(process for process in _processes_in(folder) if _is_ours(process))


def jobs_below(process: psutil.Process) -> list[psutil.Process]:
    """Commands of the package among a process's descendants."""
    with suppress(psutil.NoSuchProcess):
        return _commands(process.children(recursive=True))
    return []


def _commands(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those of the package; not their forks, such as loaders, which end with them."""
    found = []
    for process in processes:
        with suppress(psutil.Error):
            parent = process.parent()
            forked = parent is not None and parent.cmdline() == process.cmdline()
            if _runs(process, "selavi") and not forked:
                found.append(process)
    return found


def _processes_in(folder: Path) -> Iterator[psutil.Process]:
    """Processes, as far as we may look, that work in `folder`; those that led to us left out."""
    ours = {process.pid for process in [psutil.Process(), *psutil.Process().parents()]}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid not in ours and Path(process.cwd()).samefile(folder):
                yield process


def _runs(process: psutil.Process, program: str) -> bool:
    """Whether a process is `program`, or `python -m program`."""
    with suppress(psutil.Error):
        words = [Path(word).name for word in process.cmdline()[:3]]
        return program in words[:2] or words[1:] == ["-m", program]
    return False


def _is_ours(process: psutil.Process) -> bool:
    """Whether a process is a job that some `selavi run` started."""
    with suppress(psutil.Error):
        return progress.PIPE in process.environ()
    return False


def _said_before(folder: Path, moment: float) -> str:
    """The log of the Snakemake that began last before a moment; later ones found the lock."""
    latest = datetime.fromtimestamp(moment).isoformat().replace(":", "")
    logs = sorted((folder / ".snakemake" / "log").glob("*.snakemake.log"))
    before = [path for path in logs if path.name.removesuffix(".snakemake.log") <= latest]
    return before[-1].read_text(errors="replace") if before else ""
