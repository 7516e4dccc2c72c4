"""One training at a time for a resumable state, on whatever machine.

The first process holds a lock on a file beside the state as long as it lives. It is one of the
kernel's (fcntl), so it ends with the process, however that ends, and forked loader processes do not
inherit it. On a network file system the server knows it: NFS 4 frees the locks of a machine that
has died after its lease, 90 seconds by default; NFS 3 when that machine is started again, so that
its file may have to be removed. The file's time is renewed as a sign of life: nobody is told to
remove the file of a holder that gives one. What the file says of the holder is for people.
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

SECONDS_HERE = 3.0  # for a process that has been asked to save and end
SECONDS_ELSEWHERE = 100.0  # for the lease of a machine that has died
POLL_SECONDS = 0.5
BEAT_SECONDS = 20.0


@contextmanager
def sole_training(state: Path, group: Group) -> Iterator[None]:
    """Be the only training that uses `state`, a file or a folder.

    Raises UserError, on all ranks, if another one does.
    """
    path, file, words = state.with_name(f".{state.name}.lock"), None, ""
    if group.first:
        try:
            with explain_refusal(path):
                file = _take(path, state)
        except UserError as error:
            words = str(error)
    if group.any(bool(words)):
        raise UserError(words or f"{state} is not to be had; see the first process")
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
                "%s cannot be locked (%s): see to it yourself that no other training uses %s",
                path, (error.strerror or "").lower(), state,
            )  # fmt: skip
            return file
        if _is_there(file, path):
            break
        file.close()  # the one before removed it at its end
    if holder := _read(file):
        log.info("%s: taken over from %s, which is gone", state, _who(holder))
    file.truncate(0)
    json.dump(_self(), file)
    file.flush()
    return file


def _give_up(file: IO[str], path: Path) -> None:
    """Remove the file, then let go of it.

    Someone may have removed or renamed it before, and another training may hold a new one under its
    name by now. While the lock is held nobody of ours replaces a file that is still there.
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
            log.info("%s is held by %s: waiting up to %g s", state, _who(holder), limit)
        time.sleep(POLL_SECONDS)
        return
    job, number = holder.get("job"), holder.get("process")
    end = f" (scancel {job})" if job else f" (kill {number}, there)" if number else ""
    gone = ""
    if elsewhere and not lives:
        gone = (
            f". It has given no sign of life for {limit:g} s: only if that machine is gone for "
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
    """What the holder said of itself; {} if nothing, or nothing that makes sense."""
    file.seek(0)
    with suppress(ValueError):
        found = json.loads(file.read())
        return found if isinstance(found, dict) else {}
    return {}


def _who(holder: dict[str, str]) -> str:
    if not holder:
        return "a process that has not said which"
    job = f" of Slurm job {holder['job']}" if holder.get("job") else ""
    return (
        f"process {holder.get('process')}{job} on {holder.get('host')}, since {holder.get('since')}"
    )


def _is_there(file: IO[str], path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
