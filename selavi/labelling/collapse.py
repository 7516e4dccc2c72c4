"""Detect a collapsed clustering: nearly all clips in one cluster."""

THRESHOLD = 0.8  # fraction of the clips

REMEDY = (
    "The clusters carry little information. Check that the clips differ, train for more epochs, "
    "lower training.base_lr or training.weight_decay, raise training.warmup_epochs, or change seed"
)


def collapse(largest: float, prescribed: float = 0.0) -> str:
    """Describe a collapse and its remedies.

    Parameters
    ----------
    largest : float
        Fraction of the clips in the largest cluster.
    prescribed : float
        Largest cluster marginal: a cluster may have up to twice as many clips.

    Returns
    -------
    str
        A warning; empty if the clustering has not collapsed.
    """
    if largest <= max(THRESHOLD, 2 * prescribed):
        return ""
    return f"one cluster has {largest:.0%} of the clips. {REMEDY}"
