"""What a page does not show, and why: clips that cannot be read, and rejected videos."""

from collections.abc import Iterable
from typing import Any

UNREADABLE = "unreadable"
EXAMPLES = 3


def count_missing(found: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Count what is missing by its reason, the commonest first.

    Parameters
    ----------
    found : iterable of tuple of str and str
        The reason and the name of each video or clip.

    Returns
    -------
    list of dict
        With `reason`, `count` and `examples`, names of up to `EXAMPLES`.

    Examples
    --------
    >>> count_missing([("short", "a.mp4"), ("no_audio", "b.mp4"), ("short", "c.mp4")])[0]
    {'reason': 'short', 'count': 2, 'examples': ['a.mp4', 'c.mp4']}
    """
    rows: dict[str, dict[str, Any]] = {}
    for reason, name in found:
        row = rows.setdefault(reason, {"reason": reason, "count": 0, "examples": []})
        row["count"] += 1
        if row["count"] <= EXAMPLES:
            row["examples"].append(name)
    return sorted(rows.values(), key=lambda row: (-row["count"], row["reason"]))
