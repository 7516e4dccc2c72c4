"""One training at a time per checkpoint folder, across machines.

Rank 0 locks a file beside the folder for as long as it runs. The lock belongs to the kernel
(fcntl): it ends with the process, however the process ends, and forked loader processes do not
inherit it. On a network file system the server keeps it: NFS 4 releases the locks of a dead machine
after its lease, 90 seconds by default; NFS 3 when that machine restarts, so that its file may have
to be removed. The holder updates the file's time as a heartbeat: no message says to remove the file
of a holder that is alive. The file's content names the holder, for people.
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

from selavi.engine.process_group import Group
from selavi.files import UserError, explain_refusal

log = logging.getLogger(__name__)

SECONDS_HERE = 3.0  # for a process that was asked to save and end
SECONDS_ELSEWHERE = 100.0  # for the lease of a dead machine
POLL_SECONDS = 0.5
BEAT_SECONDS = 20.0


@contextmanager
def sole_training(state: Path, group: Group) -> Iterator[None]:
    """Be the only training that uses `state`.

    Parameters
    ----------
    state : Path
        Folder of the checkpoints; the lock is the file `.{name}.lock` beside it.
    group : Group
        Rank 0 holds the lock.

    Raises
    ------
    UserError
        On all ranks, if another training uses `state`.
    """
    path, file, words = state.with_name(f".{state.name}.lock"), None, ""
    if group.first:
        try:
            with explain_refusal(path):
                file = _take(path, state)
        except UserError as error:
            words = str(error)
    if group.any(bool(words)):
        raise UserError(words or f"{state} is in use; see the log of rank 0")
    if file is None:
        yield
        return
    over = threading.Event()
    beat = threading.Thread(target=_beat, args=(file, over), daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()
        _give_up(file, path)


def _beat(file: IO[str], over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
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
        except (BlockingIOError, PermissionError):  # POSIX leaves open which
            holder = _read(file)
            times.add(os.fstat(file.fileno()).st_mtime_ns)
            file.close()
            _wait(holder, began, path, state, lives=len(times) > 1)
            continue
        except OSError as error:
            log.warning(
                "%s cannot be locked (%s): make sure that no other training uses %s",
                path, (error.strerror or "").lower(), state,
            )  # fmt: skip
            return file
        if _is_there(file, path):
            break
        file.close()  # the previous holder removed it at its end
    if holder := _read(file):
        log.info("%s: taken over from %s, which has ended", state, _who(holder))
    file.truncate(0)
    json.dump(_self(), file)
    file.flush()
    return file


def _give_up(file: IO[str], path: Path) -> None:
    """Remove the file, then release the lock.

    Someone may have removed or renamed the file, and another training may hold a new one of its
    name. While the lock is held, no training replaces a file that still exists.
    """
    with suppress(OSError):
        if _is_there(file, path):
            path.unlink()
    file.close()


def _wait(holder: dict[str, str], began: float, path: Path, state: Path, lives: bool) -> None:
    """Wait a little; raise UserError after long enough."""
    elsewhere = holder.get("host", platform.node()) != platform.node()
    limit = SECONDS_ELSEWHERE if elsewhere else SECONDS_HERE
    waited = time.monotonic() - began
    if waited < limit:
        if elsewhere and waited < POLL_SECONDS:
            log.info("%s is used by %s: waiting up to %g s", state, _who(holder), limit)
        time.sleep(POLL_SECONDS)
        return
    job, number = holder.get("job"), holder.get("process")
    end = f" (scancel {job})" if job else f" (kill {number}, there)" if number else ""
    gone = ""
    if elsewhere and not lives:
        gone = (
            f". There was no heartbeat for {limit:g} s: only if that machine is gone for "
            f"good, remove {path}"
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
    """What the holder wrote of itself; {} if nothing, or nothing readable."""
    file.seek(0)
    with suppress(ValueError):
        found = json.loads(file.read())
        return found if isinstance(found, dict) else {}
    return {}


def _who(holder: dict[str, str]) -> str:
    if not holder:
        return "an unnamed process"
    job = f" of Slurm job {holder['job']}" if holder.get("job") else ""
    return (
        f"process {holder.get('process')}{job} on {holder.get('host')}, since {holder.get('since')}"
    )


def _is_there(file: IO[str], path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
