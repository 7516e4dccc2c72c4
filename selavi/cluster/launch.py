"""Start one stage as a group of processes: over the nodes of a Slurm job, or on this machine.

The launcher hosts the group's rendezvous store on a port that the system gives it, so that no two
groups ever meet, and tells every process how many there must be: training starts with all of them
or not at all.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from selavi.cluster import slurm
from selavi.cluster.restarts import require_progress
from selavi.engine.stop import RESUMABLE, Stopped, handled_by
from selavi.files import UserError

log = logging.getLogger(__name__)

GRACE_SECONDS = 60.0  # for the other processes to save and leave, once one has ended
UNREADY_GRACE_SECONDS = 10.0  # the same, if that one was stopped before it had anything to save
Start = tuple[list[str], dict[str, str]]  # a command and its environment
REQUEUE_SECONDS = 120.0  # for Slurm to end a job that it takes back


def group_size(nodes: int, processes: int) -> int:
    """Number of processes: as said, or with 0 one for each GPU of this machine, at least one.

    Raises UserError if they cannot be spread evenly over the nodes.
    """
    if processes == 0 and nodes == 1:
        import torch

        return max(1, torch.cuda.device_count())
    if processes < nodes or processes % nodes:
        raise UserError(
            f"{processes} processes cannot be spread evenly over {nodes} nodes; set the rule's "
            "resource tasks (all processes) to a multiple of its resource nodes"
        )
    return processes


def launch(
    command: Sequence[str], nodes: int, processes: int, threads: int, state: Path | None = None
) -> int:
    """Run `selavi COMMAND` as a group and wait for it.

    Parameters
    ----------
    nodes, processes : of the whole group; see `group_size`. Several nodes need a Slurm job.
    threads : CPU threads of each process.
    state : the stage's resumable state. A Slurm job that is started again and again and leaves no
        newer save there is refused, see `require_progress`.

    Returns
    -------
    The exit status: 0; 75 if the group was asked to stop and wants to go on later; else that of a
    process that failed.
    """
    over_slurm = slurm.in_job() and processes > 0
    asked: list[int] = []
    ready = False

    def hear(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if not ready:
            raise Stopped

    with handled_by(hear):
        try:
            starts, store = _prepared(command, nodes, processes, threads, state, over_slurm)
            ready = True  # from here on there are processes to pass signals on to
        except Stopped:
            log.warning("asked to stop before the processes were started")
            status = RESUMABLE
        else:
            status = _run(starts, asked)
            del store  # the processes' meeting place, needed until they are gone
    if status == RESUMABLE and over_slurm and slurm.requeue():
        time.sleep(REQUEUE_SECONDS)
    return status


def _prepared(
    command: Sequence[str],
    nodes: int,
    processes: int,
    threads: int,
    state: Path | None,
    over_slurm: bool,
) -> tuple[list[Start], object]:
    """What to start, and the store that the processes meet at."""
    world = group_size(nodes, processes)
    if nodes > 1 and not over_slurm:
        raise UserError(f"{nodes} nodes were asked for, but this is no Slurm job")
    if over_slurm:
        slurm.take_over()
        if state:
            require_progress(state, os.environ["SLURM_JOB_ID"], slurm.restarts())
    store, environment = _rendezvous(world, threads)
    words = [sys.executable, "-m", "selavi", *command]
    log.info("starting %d processes on %d nodes, %d threads each", world, nodes, threads)
    if over_slurm:
        return [(slurm.step(words, nodes, world, threads), environment)], store
    ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(world)]
    return [(words, environment | rank) for rank in ranks], store


def _rendezvous(world: int, threads: int) -> tuple[object, dict[str, str]]:
    """Host a store; return it and the environment by which torch.distributed finds it."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    if world == 1:
        return None, environment | {"WORLD_SIZE": "1"}
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    host = socket.gethostname() if slurm.in_job() else "localhost"
    store = TCPStore(host, 0, is_master=True, wait_for_workers=False)
    return store, environment | {
        "MASTER_ADDR": host,
        "MASTER_PORT": str(store.port),
        "WORLD_SIZE": str(world),
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # every rank is a client of the store
    }


def _run(starts: Sequence[Start], asked: list[int]) -> int:
    """Run processes side by side; when one fails, the others get a grace to end by themselves.

    asked : grows by the signals that this process is sent. They are passed on, INT and HUP as TERM:
        from a terminal the processes have had their own, and a second INT would interrupt them in
        the middle of saving. One that dies of such a signal had not yet come to handling it, so
        that there is nothing it could have saved, and others may wait for it in vain.
    """
    processes = [
        subprocess.Popen(words, env=environment, preexec_fn=_end_with_parent)
        for words, environment in starts
    ]
    failed, deadline, passed_on = 0, float("inf"), set[int]()
    while any(process.poll() is None for process in processes):
        while asked:
            number = asked.pop(0)
            if number == signal.SIGHUP:  # they have had it too, perhaps before they handled it
                passed_on |= {-number, 128 + number}
            number = signal.SIGTERM if number in (signal.SIGINT, signal.SIGHUP) else number
            passed_on |= {-number, 128 + number}  # as we see a death by it, and as srun tells it
            for process in processes:
                process.send_signal(number)  # does nothing to one that has ended
        codes = [process.returncode for process in processes]
        if not failed and (failed := next((c for c in codes if c), 0)):
            grace = UNREADY_GRACE_SECONDS if failed in passed_on else GRACE_SECONDS
            deadline = time.monotonic() + grace
        if time.monotonic() > deadline:
            log.error("a process has failed and others do not end: killing them")
            for process in processes:
                process.kill()
        time.sleep(0.1)
    failed = failed or next((p.returncode for p in processes if p.returncode), 0)
    if failed in passed_on:
        return RESUMABLE
    return failed if failed >= 0 else 128 - failed  # as a shell tells a death by signal


def _end_with_parent() -> None:
    """Ask the kernel to send TERM when the launcher dies, even by SIGKILL (prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
