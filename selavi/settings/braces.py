"""Expand braces in the paths of numbered shards."""

import math
import re
from itertools import chain, islice

from braceexpand import braceexpand

MOST = 100_000  # shards per split
PARTS = 2_000_000  # paths that are expanded in memory at most, before they are counted
_RANGE = re.compile(r"\{(-?\d+)\.\.(-?\d+)(?:\.\.-?(\d+))?\}")


def expand(patterns: list[str]) -> list[str]:
    """Expand patterns such as `clips-{000..127}.tar`.

    Parameters
    ----------
    patterns : list of str
        Paths or URLs with braces: `{000..127}` counts, `{a,b}` lists.

    Returns
    -------
    list of str
        The paths, in order.

    Raises
    ------
    ValueError
        If braces do not match, a path is empty, or there are more than `MOST` paths.
    """
    for pattern in patterns:
        if _bound(pattern) > PARTS:
            raise ValueError(_too_many(pattern))
    found = list(islice(chain.from_iterable(map(_expanded, patterns)), MOST + 1))
    if len(found) > MOST:
        raise ValueError(_too_many(", ".join(patterns)))
    if not all(found):
        raise ValueError(f"{', '.join(patterns)!r:.200} expands to an empty path")
    return found


def _expanded(pattern: str) -> list[str]:
    try:
        return list(islice(braceexpand(pattern), MOST + 1))
    except (ValueError, RecursionError):
        raise ValueError(
            f"the braces of {pattern!r:.200} do not match; {{000..127}} counts, {{a,b}} lists, "
            "and a brace that is part of the path needs a backslash before it"
        ) from None


def _bound(pattern: str) -> int:
    """An upper bound of the number of paths, computed without expanding them."""
    ranges = [
        abs(int(end) - int(start)) // (int(step or 1) or 1) + 1
        for start, end, step in _RANGE.findall(pattern)
    ]
    lists = [group.count(",") + 1 for group in pattern.split("{")[1:]]
    return math.prod(ranges) * math.prod(lists)


def _too_many(pattern: str) -> str:
    return f"{pattern!r:.200} expands to more than {MOST} shards; put your clips in fewer"
