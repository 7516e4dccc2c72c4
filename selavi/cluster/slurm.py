"""The few questions we ask of Slurm, through its own commands."""

import logging
import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

# Numbers each task as torch.distributed expects; the stage's words pass through "$@" untouched.
AS_RANK = 'export RANK="$SLURM_PROCID" LOCAL_RANK="$SLURM_LOCALID"; exec "$@"'
LAST_TASKS_SECONDS = 60


def in_job(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process runs in a Slurm allocation."""
    return "SLURM_JOB_ID" in environment


def step(command: Sequence[str], nodes: int, processes: int, threads: int) -> list[str]:
    """The srun that starts `command` as `processes` ranks, spread evenly over `nodes`.

    A rank that ends takes the others with it after a minute at most, so that none waits for ever
    for one that is gone; those that saved and left with 75 are all gone by then.
    """
    return [
        "srun", f"--nodes={nodes}", f"--ntasks={processes}",
        f"--ntasks-per-node={processes // nodes}", f"--cpus-per-task={threads}",
        "--distribution=block", "--kill-on-bad-exit=0", f"--wait={LAST_TASKS_SECONDS}",
        "--export=ALL", "--label", "sh", "-c", AS_RANK, "sh", *command,
    ]  # fmt: skip


def answer(*command: str, seconds: float = 30.0) -> str | None:
    """What a Slurm command prints; None if it is not there, fails, or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def requeue() -> bool:
    """Put this job back into the queue under its own number; say whether Slurm agreed.

    Slurm then ends this process. A job that is being cancelled or preempted is left alone.
    """
    job = os.environ["SLURM_JOB_ID"]
    if answer("squeue", "--noheader", "--jobs", job, "--format=%T") != "RUNNING":
        return False
    log.warning("asking Slurm to requeue job %s; it resumes from its checkpoint", job)
    return answer("scontrol", "requeue", job) is not None


def restarts() -> int:
    """How often Slurm has started this job again. Snakemake hides SLURM_RESTART_COUNT."""
    told = answer("scontrol", "show", "job", os.environ["SLURM_JOB_ID"]) or ""
    found = re.search(r"\bRestarts=(\d+)", told)
    return int(found[1]) if found else 0


def take_over() -> None:
    """End older jobs that run the same rule for the same files in the same folder.

    They are left behind when Snakemake itself is killed. They save their state when told to stop,
    and two groups must never write one state. Returns when they are gone.
    """
    job = os.environ["SLURM_JOB_ID"]
    orphans = _twins(job)
    if not orphans:
        return
    log.warning("cancelling job %s, left from an earlier call, and continuing", ", ".join(orphans))
    answer("scancel", *orphans)
    while set(_twins(job)) & set(orphans):
        time.sleep(1)


def _twins(job: str) -> list[str]:
    """Older jobs with the folder and comment of `job`: Snakemake's name of rule and wildcards.

    Asks until Slurm answers: its silence does not mean that there are none.
    """
    while (listed := answer("squeue", "--me", "--noheader", "--format=%A\t%k\t%Z")) is None:
        log.warning("squeue does not answer; asking again, as an older job may still be training")
        time.sleep(10)
    rows = dict(line.split("\t", 1) for line in listed.splitlines() if "\t" in line)
    mine = rows.get(job, "")
    if not mine.startswith("rule_"):
        return []
    return [other for other, what in rows.items() if what == mine and int(other) < int(job)]
