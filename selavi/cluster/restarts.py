"""An end to a Slurm job that is started again and again without getting anywhere.

Slurm takes a job back as often as it likes: preemption, lost nodes, its time. That is no harm while
each start leaves a newer save than the one before. A time limit shorter than the way to the first
save would have it start for ever.
"""

import json
import logging
from pathlib import Path

from selavi.files import UserError, write_text

log = logging.getLogger(__name__)

MOST = 3  # starts again, one after the other, that may leave no newer save


def require_progress(state: Path, job: str, restarts: int) -> None:
    """Raise UserError if this job's last `MOST` starts again have left no newer save.

    Parameters
    ----------
    state : the stage's resumable state, a file or a folder of saves; `{state}.starts` beside it
        keeps the count.
    job, restarts : its number, and how often Slurm has started it again, as `slurm.restarts` tells.
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
    if idle >= MOST:
        raise UserError(
            f"Slurm has started job {job} again {idle} times, and no start saved "
            f"anything in {state}: they were ended too soon. Give the rule more time (resource "
            "runtime) or a partition that does not preempt it, or save more often "
            "(checkpoint_minutes)"
        )
    if idle:
        log.warning("start %d in a row of job %s without a newer save", idle, job)


def _newest(state: Path) -> int:
    """When the newest save was made, ns; 0 if there is none. A save follows a step, always."""
    saves = list(state.glob("[!.]*")) if state.is_dir() else [state]
    return max((path.stat().st_mtime_ns for path in saves if path.exists()), default=0)
