"""Allow one training at a time per resumable state, across machines.

Rank 0 holds a lock of the kernel (fcntl) on a file beside the state. The lock ends with the process
in any case, and forked loader processes do not inherit it. On a network file system the server
keeps it: NFS 4 frees the locks of a machine that has died after its lease, 90 seconds by default;
NFS 3 only when that machine starts again, so that the file may have to be removed by hand. The
file's time is updated as a sign of life: only if that stops does an error suggest removing the
file. Its content, who holds the lock, is only for error messages.
"""

import fcntl
import json
import logging
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from selavi.distributed import Group
from selavi.files import UserError, explain_refusal

log = logging.getLogger(__name__)

SECONDS_HERE = 3.0  # wait for a process on this machine, which may be about to end
SECONDS_ELSEWHERE = 100.0  # wait for the lease of a machine that has died
POLL_SECONDS = 0.5
BEAT_SECONDS = 20.0


@contextmanager
def sole_training(state: Path, group: Group) -> Iterator[None]:
    """Be the only training that uses a state.

    Parameters
    ----------
    state : Path
        The resumable state, a file or a folder.
    group : Group
        The process group.

    Raises
    ------
    UserError
        On all ranks, if another training uses the state.
    """
    path, file, problem = state.with_name(f".{state.name}.lock"), None, ""
    if group.first:
        try:
            with explain_refusal(path):
                file = _take(path, state)
        except UserError as error:
            problem = str(error)
    if group.any(bool(problem)):
        raise UserError(problem or f"{state} cannot be locked; see the error of rank 0")
    if file is None:
        yield
        return
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(file, ended), daemon=True)
    beat.start()
    try:
        yield
    finally:
        ended.set()
        beat.join()
        _release(file, path)


def _beat(file: IO[str], ended: threading.Event) -> None:
    while not ended.wait(BEAT_SECONDS):
        with suppress(OSError):
            os.utime(file.fileno())


def _take(path: Path, state: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    times: set[int] = set()
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            holder = _read(file)
            times.add(os.fstat(file.fileno()).st_mtime_ns)
            file.close()
            _wait(holder, began, path, state, lives=len(times) > 1)
            continue
        except OSError as error:
            log.warning(
                "%s cannot be locked (%s): make sure yourself that no other training uses %s",
                path, (error.strerror or "").lower(), state,
            )  # fmt: skip
            return file
        if _exists(file, path):
            break
        file.close()  # its last holder has removed it
    if holder := _read(file):
        log.info("%s: its last user, %s, has ended", state, _who(holder))
    file.truncate(0)
    json.dump(_self(), file)
    file.flush()
    return file


def _release(file: IO[str], path: Path) -> None:
    """Remove the file, then release the lock.

    The path may have another file by now, of another training, if someone has removed ours. As long
    as ours exists, no training replaces it.
    """
    with suppress(OSError):
        if _exists(file, path):
            path.unlink()
    file.close()


def _wait(holder: dict[str, str], began: float, path: Path, state: Path, lives: bool) -> None:
    """Wait for `POLL_SECONDS`; raise UserError if the time limit has passed."""
    elsewhere = holder.get("host", platform.node()) != platform.node()
    limit = SECONDS_ELSEWHERE if elsewhere else SECONDS_HERE
    waited = time.monotonic() - began
    if waited < limit:
        if elsewhere and waited < POLL_SECONDS:
            log.info("%s is in use by %s: waiting up to %g s", state, _who(holder), limit)
        time.sleep(POLL_SECONDS)
        return
    job, number = holder.get("job"), holder.get("process")
    end = f" (scancel {job})" if job else f" (kill {number}, there)" if number else ""
    gone = ""
    if elsewhere and not lives:
        gone = (
            f". It has given no sign of life for {limit:g} s: if that machine is down for good, "
            f"remove {path}"
        )
    raise UserError(
        f"another training uses {state}: {_who(holder)}. Wait for its end, or end it{end}, then "
        f"run the same command again{gone}"
    )


def _self() -> dict[str, str]:
    return {
        "process": str(os.getpid()),
        "host": platform.node(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "job": os.environ.get("SLURM_JOB_ID", ""),
    }


def _read(file: IO[str]) -> dict[str, str]:
    """What the file says about its holder; {} if nothing or nothing valid."""
    file.seek(0)
    with suppress(ValueError):
        holder = json.loads(file.read())
        return holder if isinstance(holder, dict) else {}
    return {}


def _who(holder: dict[str, str]) -> str:
    if not holder:
        return "an unknown process"
    job = f" of Slurm job {holder['job']}" if holder.get("job") else ""
    return (
        f"process {holder.get('process')}{job} on {holder.get('host')}, since {holder.get('since')}"
    )


def _exists(file: IO[str], path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
