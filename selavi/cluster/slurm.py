"""Query and control Slurm through its own commands."""

import logging
import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

# Sets the rank of each task as torch.distributed expects; "$@" is the stage's command.
AS_RANK = 'export RANK="$SLURM_PROCID" LOCAL_RANK="$SLURM_LOCALID"; exec "$@"'
LAST_TASKS_SECONDS = 60


def in_job(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process runs in a Slurm allocation."""
    return "SLURM_JOB_ID" in environment


def step(command: Sequence[str], nodes: int, processes: int, threads: int) -> list[str]:
    """The srun command that starts `command` as `processes` ranks, spread evenly over `nodes`.

    A minute after the first rank has ended, the others are killed, so that none waits without end.
    Ranks that stop on request all end within that time.
    """
    return [
        "srun", f"--nodes={nodes}", f"--ntasks={processes}",
        f"--ntasks-per-node={processes // nodes}", f"--cpus-per-task={threads}",
        "--distribution=block", "--kill-on-bad-exit=0", f"--wait={LAST_TASKS_SECONDS}",
        "--export=ALL", "--label", "sh", "-c", AS_RANK, "sh", *command,
    ]  # fmt: skip


def answer(*command: str, seconds: float = 30.0) -> str | None:
    """Output of a Slurm command; None if it is not installed, fails, or takes too long."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def requeue() -> bool:
    """Requeue this job; Slurm then ends this process.

    A job that is being cancelled or preempted is not requeued.

    Returns
    -------
    bool
        Whether Slurm has accepted.
    """
    job = os.environ["SLURM_JOB_ID"]
    if answer("squeue", "--noheader", "--jobs", job, "--format=%T") != "RUNNING":
        return False
    log.warning("asking Slurm to requeue job %s; it resumes from its checkpoint", job)
    return answer("scontrol", "requeue", job) is not None


def restarts() -> int:
    """How often Slurm has restarted this job."""
    # Not by SLURM_RESTART_COUNT, which Snakemake removes from the environment.
    listing = answer("scontrol", "show", "job", os.environ["SLURM_JOB_ID"]) or ""
    match = re.search(r"\bRestarts=(\d+)", listing)
    return int(match[1]) if match else 0


def end_older_jobs() -> None:
    """Cancel older jobs of the same rule and files, and wait until they have ended.

    Such jobs remain when Snakemake itself is killed. They write a checkpoint when cancelled; two
    groups must never write the same state.
    """
    job = os.environ["SLURM_JOB_ID"]
    orphans = _older_jobs(job)
    if not orphans:
        return
    log.warning("cancelling job %s, left from an earlier call, and continuing", ", ".join(orphans))
    answer("scancel", *orphans)
    while set(_older_jobs(job)) & set(orphans):
        time.sleep(1)


def _older_jobs(job: str) -> list[str]:
    """Older jobs with the folder and comment of `job`: Snakemake's name of rule and wildcards."""
    # No answer does not mean that there are none: ask until Slurm answers.
    while (listed := answer("squeue", "--me", "--noheader", "--format=%A\t%k\t%Z")) is None:
        log.warning("squeue does not answer; retrying, as an older job may still be training")
        time.sleep(10)
    rows = dict(line.split("\t", 1) for line in listed.splitlines() if "\t" in line)
    own = rows.get(job, "")
    if not own.startswith("rule_"):
        return []
    return [other for other, row in rows.items() if row == own and int(other) < int(job)]
