"""Numbered shards: paths with braces, counted out."""

import math
import re
from itertools import chain, islice

from braceexpand import braceexpand

MOST = 100_000  # shards of a split
PARTS = 2_000_000  # what braces are multiplied out to in memory, at most, before they are counted
_RANGE = re.compile(r"\{(-?\d+)\.\.(-?\d+)(?:\.\.-?(\d+))?\}")


def expand(patterns: list[str]) -> list[str]:
    """All paths that patterns such as `clips-{000..127}.tar` stand for, in order.

    Raises ValueError for a pattern that is none, or stands for nothing, or for too many paths.
    """
    for pattern in patterns:
        if _bound(pattern) > PARTS:
            raise ValueError(_too_many(pattern))
    found = list(islice(chain.from_iterable(map(_expanded, patterns)), MOST + 1))
    if len(found) > MOST:
        raise ValueError(_too_many(", ".join(patterns)))
    if not all(found):
        raise ValueError(f"{', '.join(patterns)!r:.200} stands for a path without a name")
    return found


def _expanded(pattern: str) -> list[str]:
    try:
        return list(islice(braceexpand(pattern), MOST + 1))
    except (ValueError, RecursionError):
        raise ValueError(
            f"the braces of {pattern!r:.200} do not fit together; {{000..127}} counts, {{a,b}} "
            "lists, and a brace of the path itself is written with a backslash before it"
        ) from None


def _bound(pattern: str) -> int:
    """No fewer than the paths that it stands for, without counting them out."""
    ranges = [
        abs(int(end) - int(start)) // (int(step or 1) or 1) + 1
        for start, end, step in _RANGE.findall(pattern)
    ]
    lists = [group.count(",") + 1 for group in pattern.split("{")[1:]]
    return math.prod(ranges) * math.prod(lists)


def _too_many(pattern: str) -> str:
    return f"{pattern!r:.200} stands for more than {MOST} shards; pack your clips in fewer"
