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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from selavi.cluster import slurm
from selavi.cluster.restarts import require_progress
from selavi.files import UserError
from selavi.signals import handled_by

log = logging.getLogger(__name__)

STOPPED = 75  # a process saved its state and wants to be started again
GRACE_SECONDS = 60.0  # for the other processes to save and leave, once one has ended
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
    The exit status: 0; 75 if the group saved its state and wants to go on later; else that of a
    process that failed.
    """
    world = group_size(nodes, processes)
    over_slurm = slurm.in_job() and processes > 0
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
        starts = [(slurm.step(words, nodes, world, threads), environment)]
    else:
        starts = [
            (words, environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)})
            for rank in range(world)
        ]
    status = _run(starts)
    del store  # the processes' meeting place, needed until they are gone
    if status == STOPPED and over_slurm and slurm.requeue():
        time.sleep(REQUEUE_SECONDS)
    return status


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


def _run(starts: Sequence[tuple[list[str], dict[str, str]]]) -> int:
    """Run processes side by side; when one fails, the others get a grace to end by themselves."""
    with _forwarding() as processes:
        for words, environment in starts:
            processes.append(subprocess.Popen(words, env=environment, preexec_fn=_end_with_parent))
        failed, deadline = 0, float("inf")
        while any(process.poll() is None for process in processes):
            codes = [process.returncode for process in processes]
            if not failed and (failed := next((c for c in codes if c), 0)):
                deadline = time.monotonic() + GRACE_SECONDS
            if time.monotonic() > deadline:
                log.error("a process has failed and others do not end: killing them")
                for process in processes:
                    process.kill()
            time.sleep(0.1)
        failed = failed or next((p.returncode for p in processes if p.returncode), 0)
    return failed if failed >= 0 else 128 - failed  # as a shell tells a death by signal


@contextmanager
def _forwarding() -> "Iterator[list[subprocess.Popen[bytes]]]":
    """A list of processes that get the signals of this one.

    INT is passed on as TERM: from a terminal the processes have had their own INT, and a second
    one would interrupt them in the middle of saving.
    """
    processes: list[subprocess.Popen[bytes]] = []

    def forward(number: int, frame: FrameType | None) -> None:
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM if number == signal.SIGINT else number)

    with handled_by(forward):
        yield processes


def _end_with_parent() -> None:
    """Ask the kernel to send TERM when the launcher dies, even by SIGKILL (prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
