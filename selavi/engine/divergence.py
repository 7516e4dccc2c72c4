"""Training that has diverged stops, and is not started again with the same settings."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selavi.engine.process_group import Group
from selavi.files import UserError, write_text

RECORD = "diverged.json"  # in the folder of checkpoints


class Diverged(ValueError):
    """Further training is useless: the loss is not finite, or nearly all clips share a cluster."""


def check_step(loss: float, gradient: float, where: str, bfloat16: bool, remedy: str) -> None:
    """Require a finite loss and gradient.

    Parameters
    ----------
    loss : float
        In nats.
    gradient : float
        Norm of the gradient of all parameters.
    where : str
        Such as "epoch 3, step 17".
    bfloat16 : bool
        Whether the encoders compute in bfloat16.
    remedy : str
        What to change, in the imperative.

    Raises
    ------
    Diverged
        If one of them is not finite.
    """
    if math.isfinite(loss) and math.isfinite(gradient):
        return
    what = f"the gradient's norm is {gradient}" if math.isfinite(loss) else f"the loss is {loss}"
    precise = "set machine.precision: float32, " if bfloat16 else ""
    raise Diverged(
        f"{what} in {where}; {precise}{remedy}. The last checkpoint is from before and would "
        "diverge again"
    )


@contextmanager
def divergence_recorded(folder: Path, key: str, group: Group) -> Iterator[None]:
    """Record in `folder` that the block has diverged; refuse to enter it again with the same key.

    A cluster restarts what has failed, and would train to the same end each time.

    Parameters
    ----------
    folder : Path
        The folder of checkpoints.
    key : str
        Identifies the settings and clips, and the settings that a person changes to continue.
    group : Group
        All its ranks call this together.

    Raises
    ------
    UserError
        On all ranks, if training with this key has diverged before.
    Diverged
        From the block.
    """
    refuse_recorded(folder, key, group)
    try:
        yield
    except Diverged as error:
        if group.first:
            record = {"key": key, "message": str(error)}
            write_text(folder / RECORD, json.dumps(record))
        raise


def refuse_recorded(folder: Path, key: str, group: Group) -> None:
    """Raise UserError, on all ranks, if a divergence with this key is recorded.

    A record of another key, or a damaged one, is removed.
    """
    path, message = folder / RECORD, ""
    if group.first and path.exists():
        try:
            record = json.loads(path.read_text())
            message = record["message"] if record["key"] == key else ""
        except (ValueError, KeyError, TypeError):  # damaged: training finds out again
            message = ""
        if not message:
            path.unlink()
    if group.any(bool(message)):
        message = message or "see the log of rank 0"
        raise UserError(
            f"training with these settings has diverged before: {message}. Change them, or remove "
            f"{path} to try the same again"
        )
