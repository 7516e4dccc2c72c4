"""Allow one run at a time in a working folder, and clean up after one that was killed.

Snakemake locks its folder by files, which remain when it is killed. `selavi run` holds a lock of
the kernel, which ends with the process, so its holder may remove the files of a killed run.
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

GRACE_SECONDS = 120.0  # for orphaned jobs to write a checkpoint and end


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the only `selavi run` in `folder`. Raises UserError if another one is running."""
    path = folder / ".snakemake" / "selavi.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown process"
            raise UserError(
                f"`selavi run` is already running in {folder} ({holder}); wait for it, or end it"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        yield
        file.truncate(0)


def clear(folder: Path) -> bool:
    """End the orphaned jobs of a killed `selavi run`.

    Returns
    -------
    bool
        Whether Snakemake's lock has to be removed.

    Raises
    ------
    UserError
        If Snakemake is running in the folder, or may be on another machine.
    """
    orphans = orphaned_jobs(folder)
    others = [process for process in _processes_in(folder) if _runs(process, "snakemake")]
    if others:
        number = others[0].pid
        raise UserError(
            f"Snakemake is already running in {folder} (process {number}); wait for it, or end it "
            f"with: kill -INT {number}"
        )
    locks = list((folder / ".snakemake" / "locks").glob("*.lock"))
    if locks:
        _require_unlockable(folder, locks[0])
    if orphans:
        log.warning("stopping %d jobs of a killed run; they write checkpoints", len(orphans))
        end(orphans)
    if locks:
        log.warning("unlocking the folder: the run that locked it was killed")
    return bool(locks)


def _require_unlockable(folder: Path, lock: Path) -> None:
    """Raise UserError if the run that locked a folder, or its jobs, may be running elsewhere."""
    status = lock.stat()
    snakemake_log = _log_before(folder, status.st_mtime)
    host = re.search(r"^\s*Host: (.*)$", snakemake_log, re.MULTILINE)
    cancel = ""
    if status.st_uid != os.getuid():
        why = f"it was locked by user {status.st_uid}"
    elif host is None:
        why = "no log in .snakemake/log names the host of the run that locked it"
    elif host[1] != platform.node():
        why = f"the run that locked it was on {host[1]}"
    elif "Provided remote nodes" in snakemake_log:
        why = "the run that locked it submitted jobs, which may still be running"
        cancel = "Cancel them first (Slurm: squeue --me, scancel). "
    else:
        return
    raise UserError(
        f"{folder} is locked, and {why}. {cancel}If nothing is running there: snakemake --unlock"
    )


def ask(jobs: list[psutil.Process]) -> None:
    """Ask jobs to write checkpoints and end."""
    for job in jobs:
        with suppress(psutil.NoSuchProcess):
            job.terminate()


def end(jobs: list[psutil.Process]) -> None:
    """Ask jobs to write checkpoints and end; kill those that do not end in time."""
    ask(jobs)
    _, remaining = psutil.wait_procs(jobs, GRACE_SECONDS)
    for job in remaining:
        with suppress(psutil.NoSuchProcess):
            job.kill()


def orphaned_jobs(folder: Path) -> list[psutil.Process]:
    """Running jobs that any `selavi run` started in `folder`."""
    return _commands(process for process in _processes_in(folder) if _is_ours(process))


def jobs_below(process: psutil.Process) -> list[psutil.Process]:
    """Running commands of the package among a process's descendants."""
    with suppress(psutil.NoSuchProcess):
        return _commands(process.children(recursive=True))
    return []


def _commands(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Commands of the package, without their forks, such as loaders, which end with them."""
    commands = []
    for process in processes:
        with suppress(psutil.Error):
            parent = process.parent()
            forked = parent is not None and parent.cmdline() == process.cmdline()
            if _runs(process, "selavi") and not forked:
                commands.append(process)
    return commands


def _processes_in(folder: Path) -> Iterator[psutil.Process]:
    """Accessible processes whose working folder is `folder`, except this one and its parents."""
    own = {process.pid for process in [psutil.Process(), *psutil.Process().parents()]}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid not in own and Path(process.cwd()).samefile(folder):
                yield process


def _runs(process: psutil.Process, program: str) -> bool:
    """Whether a process is `program`, or `python -m program`."""
    with suppress(psutil.Error):
        words = [Path(word).name for word in process.cmdline()[:3]]
        return program in words[:2] or words[1:] == ["-m", program]
    return False


def _is_ours(process: psutil.Process) -> bool:
    """Whether a process is a job that any `selavi run` started."""
    with suppress(psutil.Error):
        return progress.PIPE in process.environ()
    return False


def _log_before(folder: Path, moment: float) -> str:
    """The last log that Snakemake began before a moment; later ones are of runs that failed."""
    latest = datetime.fromtimestamp(moment).isoformat().replace(":", "")
    logs = sorted((folder / ".snakemake" / "log").glob("*.snakemake.log"))
    before = [path for path in logs if path.name.removesuffix(".snakemake.log") <= latest]
    return before[-1].read_text(errors="replace") if before else ""
