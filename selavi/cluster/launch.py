"""Start one stage as a process group: on this machine, or on the nodes of a Slurm job.

The launcher hosts the rendezvous store on a port that the system chooses, so that two groups never
share one, and sets the world size: training starts with all processes or not at all.
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

GRACE_SECONDS = 60.0  # for the others to write a checkpoint and end, once a process has failed
UNREADY_GRACE_SECONDS = 10.0  # the same, if that process was stopped before it could save anything
Start = tuple[list[str], dict[str, str]]  # a command and its environment
REQUEUE_SECONDS = 120.0  # for Slurm to end a job that it requeues


def group_size(nodes: int, processes: int) -> int:
    """Number of processes of a group.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    processes : int
        Number of processes; 0 is one per GPU of this machine, at least one.

    Raises
    ------
    UserError
        If the processes cannot be spread evenly over the nodes.
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
    """Run `selavi COMMAND` as a process group and wait for it.

    Parameters
    ----------
    command : Sequence of str
        The command and its arguments.
    nodes : int
        Number of nodes; more than one needs a Slurm job.
    processes : int
        Number of processes on all nodes together, see `group_size`.
    threads : int
        CPU threads of each process.
    state : Path, optional
        Folder of the stage's checkpoints. If a Slurm job restarts repeatedly without a newer one,
        the job fails, see `require_progress`.

    Returns
    -------
    int
        The exit status: 0; 75 if the group was stopped on request and can be resumed; else that of
        a process that failed.

    Raises
    ------
    UserError
        If the processes cannot be started as asked.
    """
    over_slurm = slurm.in_job() and processes > 0
    signals: list[int] = []
    ready = False

    def handle(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        if not ready:
            raise Stopped

    with handled_by(handle):
        try:
            starts, store = _prepare(command, nodes, processes, threads, state, over_slurm)
            ready = True  # from here on, _run passes signals on to the processes
        except Stopped:
            log.warning("asked to stop before the processes were started")
            status = RESUMABLE
        else:
            status = _run(starts, signals)
            del store  # the rendezvous, which the processes need until they end
    if status == RESUMABLE and over_slurm and slurm.requeue():
        time.sleep(REQUEUE_SECONDS)
    return status


def _prepare(
    command: Sequence[str],
    nodes: int,
    processes: int,
    threads: int,
    state: Path | None,
    over_slurm: bool,
) -> tuple[list[Start], object]:
    """Commands to start with their environments, and the rendezvous store."""
    world = group_size(nodes, processes)
    if nodes > 1 and not over_slurm:
        raise UserError(f"{nodes} nodes need a Slurm job; use --nodes 1 outside of Slurm")
    if over_slurm:
        slurm.end_older_jobs()
        if state:
            require_progress(state, os.environ["SLURM_JOB_ID"], slurm.restarts())
    store, environment = _rendezvous(world, threads)
    full_command = [sys.executable, "-m", "selavi", *command]
    log.info("starting %d processes on %d nodes, %d threads each", world, nodes, threads)
    if over_slurm:
        return [(slurm.step(full_command, nodes, world, threads), environment)], store
    ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(world)]
    return [(full_command, environment | rank) for rank in ranks], store


def _rendezvous(world: int, threads: int) -> tuple[object, dict[str, str]]:
    """Host a store; return it and the environment through which torch.distributed finds it."""
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


def _run(starts: Sequence[Start], signals: list[int]) -> int:
    """Run processes side by side; when one fails, the others have some time to end by themselves.

    `signals` grows by each signal that this process receives. They are passed on, INT and HUP as
    TERM: from a terminal the processes receive their own, and a second INT would interrupt their
    saving. A process that dies of such a signal did not handle it yet, so it has nothing to save,
    and others may wait for it without end.
    """
    processes = [
        subprocess.Popen(words, env=environment, preexec_fn=_end_with_parent)
        for words, environment in starts
    ]
    failed, deadline, passed_on = 0, float("inf"), set[int]()
    while any(process.poll() is None for process in processes):
        while signals:
            number = signals.pop(0)
            if number == signal.SIGHUP:  # a terminal also sends it to the processes directly
                passed_on |= {-number, 128 + number}
            number = signal.SIGTERM if number in (signal.SIGINT, signal.SIGHUP) else number
            passed_on |= {-number, 128 + number}  # exit status of a death by it, and through srun
            for process in processes:
                process.send_signal(number)  # has no effect on one that has ended
        codes = [process.returncode for process in processes]
        if not failed and (failed := next((c for c in codes if c), 0)):
            grace = UNREADY_GRACE_SECONDS if failed in passed_on else GRACE_SECONDS
            deadline = time.monotonic() + grace
        if time.monotonic() > deadline:
            log.error("a process has failed and the others do not end: killing them")
            for process in processes:
                process.kill()
        time.sleep(0.1)
    failed = failed or next((p.returncode for p in processes if p.returncode), 0)
    if failed in passed_on:
        return RESUMABLE
    return failed if failed >= 0 else 128 - failed  # the shell's convention for a death by signal


def _end_with_parent() -> None:
    """Ask the kernel to send TERM when the launcher dies, even by SIGKILL (prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
