"""Training that has gone wrong is stopped, with what was seen and what to try."""

import json
import math
from pathlib import Path

from torch import Tensor

from selavi.engine.process_group import Group
from selavi.files import UserError, write_text
from selavi.settings import TrainingSettings

PATIENCE_EPOCHS, PATIENCE_STEPS = 3, 100
"""After warm-up, for how long on end predictions may be collapsed: they often are at first."""


RECORD = "diverged.json"  # in the state folder


class Diverged(ValueError):
    """Training on makes no sense: the loss is not finite, or nearly all clips share a cluster."""


def check_step(loss: float, gradient: float, where: str, bfloat16: bool) -> None:
    """Raise Diverged unless the loss (nats) and the gradient's norm are finite.

    where : "epoch 3, step 17".
    """
    if math.isfinite(loss) and math.isfinite(gradient):
        return
    what = f"the gradient's norm is {gradient}" if math.isfinite(loss) else f"the loss is {loss}"
    precise = "set machine.precision: float32, " if bfloat16 else ""
    raise Diverged(
        f"{what} in {where}; {precise}lower training.base_lr or lengthen "
        "training.warmup_epochs. The last save is from before, and would lead here again"
    )


def check_labels(labels: Tensor, sizes: Tensor, settings: TrainingSettings, where: str) -> None:
    """Raise Diverged if one cluster of a head was given too many clips.

    labels : (N, H) int64, negative where a clip has none. sizes : (H, K) the share that each
    cluster was to get. A cluster may always take twice the largest of its head's sizes.
    """
    for head, row in enumerate(labels.T):
        counts = row[row >= 0].bincount(minlength=sizes.shape[1])
        share = float(counts.max()) / len(row)
        if share > _allowed(sizes[head], settings):
            raise Diverged(
                f"the labels have collapsed in {where}: head {head} gives cluster "
                f"{int(counts.argmax())} {share:.0%} of the clips. The network's outputs are not "
                "finite, or hardly differ between clips: see that the clips do differ, lower "
                "training.base_lr or training.weight_decay, or start from another seed. To train "
                "on all the same, "
                f"raise training.collapse, now {settings.collapse:g}"
            )


def largest_share(predicted: Tensor) -> float:
    """The share of its head's predictions that the most predicted cluster has; worst head.

    predicted : (H, K) how often each cluster was predicted.
    """
    return float((predicted.max(1).values / predicted.sum(1).clamp_min(1)).max())


def check_predictions(
    shares: list[float], steps: int, sizes: Tensor, settings: TrainingSettings
) -> None:
    """Raise Diverged if one cluster took too many predictions for epochs on end.

    shares : by epoch, `largest_share` of what was predicted in training. Epochs of the warm-up do
    not count: an untrained network predicts one cluster for nearly all. steps : of an epoch.
    """
    patience = max(PATIENCE_EPOCHS, math.ceil(PATIENCE_STEPS / steps))
    last = shares[settings.warmup_epochs :][-patience:]
    if len(last) == patience and min(last) > max(_allowed(row, settings) for row in sizes):
        raise Diverged(
            f"the predictions have collapsed: in each of epochs {len(shares) - patience + 1} to "
            f"{len(shares)} some head predicted one cluster for {min(last):.0%} of the clips or "
            "more. The network does not learn the labels: lower training.base_lr or "
            "training.weight_decay, or lengthen training.warmup_epochs. To train on all the same, "
            f"raise training.collapse, now {settings.collapse:g}"
        )


def _allowed(sizes: Tensor, settings: TrainingSettings) -> float:
    return 1.0 if settings.collapse == 1 else max(settings.collapse, 2 * float(sizes.max()))


def remember(error: Diverged, folder: Path, key: str) -> None:
    """Leave word in the state folder, for `refuse_again`."""
    write_text(folder / RECORD, json.dumps({"key": key, "words": str(error)}))


def refuse_again(folder: Path, key: str, group: Group) -> None:
    """Raise UserError, on all ranks, if training of the same key has diverged before.

    A cluster starts what has failed again, and would train to the same end each time. What was
    said of another key is forgotten.

    key : identifies the settings and clips, with those settings that a person changes to go on.
    """
    record, words = folder / RECORD, ""
    if group.first and record.exists():
        try:
            said = json.loads(record.read_text())
            words = said["words"] if said["key"] == key else ""
        except (ValueError, KeyError, TypeError):  # damaged: training finds out again
            words = ""
        if not words:
            record.unlink()
    if group.any(bool(words)):
        raise UserError(
            f"training with these settings has stopped before: {words or 'see the first process'}. "
            f"Change them, or remove {record} to try the same again"
        )
