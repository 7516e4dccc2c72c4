"""When to relabel: often at first, rarely later."""


def relabelling_steps(optimisations: int, power: float, total_steps: int) -> list[int]:
    """Steps before which labels are renewed, ascending: total * (i / (S - 1)) ** power.

    The first is before step 0; a position at or past the end never comes, so that S planned
    optimisations give S - 1. Positions that fall on one step count once.
    """
    if optimisations == 1:
        return [0]
    positions = (
        int(total_steps * (i / (optimisations - 1)) ** power) for i in range(optimisations)
    )
    return sorted({p for p in positions if p < total_steps})
