"""A run whose clips nearly all share a cluster: what to say of it."""

NEARLY_ALL = 0.8

REMEDY = (
    "Such clusters say little: see that the clips do differ, train for more epochs, lower "
    "training.base_lr or training.weight_decay, lengthen training.warmup_epochs, or start from "
    "another seed"
)


def collapse(share: float, due: float = 0.0) -> str:
    """A warning if one cluster has the `share` of all clips; "" if that is no collapse.

    due : the share that the largest cluster was to get.
    """
    if share <= max(NEARLY_ALL, 2 * due):
        return ""
    return f"one cluster has {share:.0%} of the clips. {REMEDY}"
