"""When to update labels: often at the start of training, rarely at its end."""


def relabelling_steps(
    optimisations: int, power: float, total_steps: int, first: int = 0
) -> list[int]:
    """Steps before which labels are updated: total_steps * (i / (S - 1)) ** power, i = 0..S - 1.

    The last position is the end of training and never reached, so S planned optimisations give at
    most S - 1 label updates; positions that coincide count once.

    Parameters
    ----------
    optimisations : int
        S, planned label updates.
    power : float
        1 spaces them evenly; the paper uses 1.5.
    total_steps : int
        Steps of the whole training.
    first : int
        The first position; the others follow between it and the end.

    Returns
    -------
    list of int
        Ascending, from `first`.
    """
    if optimisations == 1:
        return [first]
    positions = (
        first + int((total_steps - first) * (i / (optimisations - 1)) ** power)
        for i in range(optimisations)
    )
    return sorted({p for p in positions if p < total_steps})
