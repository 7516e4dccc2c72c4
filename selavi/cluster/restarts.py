"""End a Slurm job that restarts repeatedly without progress.

Slurm requeues a job any number of times: after preemption, node failures, its time limit. That is
fine while each start leaves a newer checkpoint. With a time limit shorter than the time to the
first checkpoint, the job would restart without end.
"""

import json
import logging
from pathlib import Path

from selavi.files import UserError, write_text

log = logging.getLogger(__name__)

MAX_IDLE = 3  # consecutive restarts without a newer checkpoint


def require_progress(state: Path, job: str, restarts: int) -> None:
    """Check that this job's last restarts left a newer checkpoint.

    Parameters
    ----------
    state : Path
        Folder of the stage's checkpoints. `{state}.starts` beside it records the restarts.
    job : str
        Number of the job.
    restarts : int
        How often Slurm has restarted it, see `slurm.restarts`.

    Raises
    ------
    UserError
        If `MAX_IDLE` restarts in a row left no newer checkpoint.
    """
    record, now = state.with_name(f"{state.name}.starts"), _newest(state)
    try:
        last = json.loads(record.read_text())
    except (OSError, ValueError):
        last = {}
    if last.get("job") != job or last.get("saved") != now:
        write_text(record, json.dumps({"job": job, "restarts": restarts, "saved": now}))
        return
    idle = restarts - int(last["restarts"])
    if idle >= MAX_IDLE:
        raise UserError(
            f"Slurm has restarted job {job} {idle} times without a new checkpoint in {state}: "
            "each start ended too soon. Give the rule more time (resource runtime) or a partition "
            "that does not preempt it, or write checkpoints more often (machine.checkpoint_minutes)"
        )
    if idle:
        log.warning("job %s: restart %d in a row without a new checkpoint", job, idle)


def _newest(state: Path) -> int:
    """When the newest checkpoint was written, in ns; 0 if there is none."""
    return max((path.stat().st_mtime_ns for path in state.glob("step-*")), default=0)
