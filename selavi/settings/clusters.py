"""How many clusters: one number, several, or such as fit the number of clips."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

AUTOMATIC_LEVELS = 7
"""Numbers of clusters of `auto`: from an eighth of the root of the number of clips to the root."""


def _ascending(levels: list[int]) -> list[int]:
    if levels != sorted(set(levels)):
        raise ValueError(f"list numbers of clusters ascending, each once, not {levels}")
    return levels


Level = Annotated[int, Field(ge=2, le=1_000_000)]
Levels = Annotated[list[Level], Field(min_length=1), AfterValidator(_ascending)]
Clusters = Level | Levels | Literal["auto"]


def automatic_levels(clips: int) -> list[int]:
    """Numbers of clusters to choose from, each the root of 2 times the one before.

    Parameters
    ----------
    clips : int
        N.

    Returns
    -------
    list of int
        From sqrt(N) / 8, but at least 2, to sqrt(N); ascending.

    Examples
    --------
    >>> automatic_levels(800)
    [4, 5, 7, 10, 14, 20, 28]
    """
    steps = range(AUTOMATIC_LEVELS)
    return sorted({max(2, round(clips**0.5 * 2 ** (-step / 2))) for step in steps})
