"""Pretraining whose labels or predictions collapse into one cluster stops."""

import math

from torch import Tensor

from selavi.engine.divergence import Diverged
from selavi.settings import TrainingSettings

PATIENCE_EPOCHS, PATIENCE_STEPS = 3, 100
"""After warm-up, how long predictions may stay collapsed: they often are at first."""


def check_labels(labels: Tensor, sizes: Tensor, settings: TrainingSettings, where: str) -> None:
    """Require that no cluster of a head has too many clips.

    A cluster may always have twice the largest of its head's prescribed sizes.

    Parameters
    ----------
    labels : Tensor
        (N, H) int64, negative where a clip has none.
    sizes : Tensor
        (H, K) prescribed cluster sizes, as a fraction of the clips.
    settings : TrainingSettings
        `collapse` is the largest fraction allowed.
    where : str
        Such as "epoch 3, before step 17".

    Raises
    ------
    Diverged
        If one has.
    """
    for head, row in enumerate(labels.T):
        counts = row[row >= 0].bincount(minlength=sizes.shape[1])
        fraction = float(counts.max()) / len(row)
        if fraction > _allowed(sizes[head], settings):
            raise Diverged(
                f"the labels have collapsed in {where}: head {head} assigns {fraction:.0%} of the "
                f"clips to cluster {int(counts.argmax())}. The network's outputs are not finite "
                "or hardly differ between clips: check that the clips differ, lower "
                "training.base_lr or training.weight_decay, or change the seed. To train on "
                f"nevertheless, raise training.collapse, now {settings.collapse:g}"
            )


def largest_share(predicted: Tensor) -> float:
    """Fraction of a head's predictions that its most predicted cluster has; of the worst head.

    Parameters
    ----------
    predicted : Tensor
        (H, K) int64, how often each cluster was predicted.

    Returns
    -------
    float
        From 1 / K to 1.
    """
    return float((predicted.max(1).values / predicted.sum(1).clamp_min(1)).max())


def check_predictions(
    shares: list[float], steps: int, sizes: Tensor, settings: TrainingSettings
) -> None:
    """Require that no cluster has too many predictions for several epochs in a row.

    Epochs of the warm-up do not count: an untrained network predicts one cluster for nearly all
    clips.

    Parameters
    ----------
    shares : list of float
        `largest_share` of the predictions of each epoch.
    steps : int
        Steps of an epoch.
    sizes : Tensor
        (H, K) prescribed cluster sizes, as a fraction of the clips.
    settings : TrainingSettings
        `collapse` is the largest fraction allowed.

    Raises
    ------
    Diverged
        If one has.
    """
    patience = max(PATIENCE_EPOCHS, math.ceil(PATIENCE_STEPS / steps))
    last = shares[settings.warmup_epochs :][-patience:]
    if len(last) == patience and min(last) > max(_allowed(row, settings) for row in sizes):
        raise Diverged(
            f"the predictions have collapsed: in each of epochs {len(shares) - patience + 1} to "
            f"{len(shares)} some head predicted one cluster for at least {min(last):.0%} of the "
            "clips. The network does not learn the labels: lower training.base_lr or "
            "training.weight_decay, or lengthen training.warmup_epochs. To train on nevertheless, "
            f"raise training.collapse, now {settings.collapse:g}"
        )


def _allowed(sizes: Tensor, settings: TrainingSettings) -> float:
    return 1.0 if settings.collapse == 1 else max(settings.collapse, 2 * float(sizes.max()))
