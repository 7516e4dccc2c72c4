"""What the page says: which clips stand for a cluster, and the figures beside them."""

import re
from collections import Counter
from typing import Any

import pandas as pd

from selavi.files import UserError


def number_of_clusters(table: pd.DataFrame, told: int | None = None) -> int:
    """K, the number of clusters with and without clips.

    Parameters
    ----------
    table : assignments, as the assign stage writes them.
    told : K if it is known. Otherwise it is one more than the largest number that any head gave to
        any clip: too small only if all heads leave the last clusters empty.

    Raises UserError if `told` is too small for the assignments.
    """
    heads = [name for name in table if name == "cluster" or re.search(r"_head\d+$", str(name))]
    found = int(table[heads].to_numpy().max()) + 1
    if told is not None and told < found:
        raise UserError(f"clusters is {told}, but the assignments name cluster {found - 1}")
    return told or found


def pick_ranks(size: int, count: int) -> list[int]:
    """Which of `size` clips, ranked from the most confident (0), stand for them: at most `count`.

    The first half are the most confident; the others lie evenly spaced over the ranks that are
    left, down to the least confident, so that the doubtful clips are seen too.

    Examples
    --------
    >>> pick_ranks(100, 6)
    [0, 1, 2, 34, 66, 99]
    >>> pick_ranks(3, 6)
    [0, 1, 2]
    """
    if size <= count:
        return list(range(size))
    sure = -(-count // 2)
    doubtful, rest = count - sure, size - sure
    return [*range(sure), *(sure + i * rest // doubtful - 1 for i in range(1, doubtful + 1))]


def choose_clips(table: pd.DataFrame, per_cluster: int) -> pd.DataFrame:
    """The rows of the clips to show, by cluster, the most confident first; see `pick_ranks`.

    Clips that are equally confident keep the order of their `sample`.
    """
    ranked = table.sort_values(["cluster", "confidence", "sample"], ascending=[True, False, True])
    groups = [group for _, group in ranked.groupby("cluster")]
    return pd.concat([group.iloc[pick_ranks(len(group), per_cluster)] for group in groups])


def describe(table: pd.DataFrame, shown: pd.DataFrame, clusters: int) -> dict[str, Any]:
    """The data of the page, ready for JSON.

    Parameters
    ----------
    table : assignments; shown : those of its rows to show; clusters : K.

    Returns
    -------
    size : number of clips. clusters : K. empty : numbers of the clusters without clips.
    classes : names, sorted; a clip's `class` is its place in them, or -1 if it has none.
    cards : for each cluster with clips, its number, its size, `confidence` (mean, 0 to 1), `purity`
        (share of the commonest class among its clips that have one, 0 to 1; null if none has),
        `classes` ([class, count], commonest first), and `clips` (id, key, path, class, confidence).
    """
    names = sorted(set(table["label"]) - {""})
    places = {"": -1} | {name: place for place, name in enumerate(names)}
    tiles = {number: _clips(group, places) for number, group in shown.groupby("cluster")}
    cards = []
    for number, group in table.groupby("cluster"):
        counts = _counts(group["label"].map(places))
        labelled = sum(count for _, count in counts)
        cards.append(
            {
                "number": int(group["cluster"].iloc[0]),
                "size": len(group),
                "confidence": round(float(group["confidence"].mean()), 4),
                "purity": round(counts[0][1] / labelled, 4) if counts else None,
                "classes": counts,
                "clips": tiles[number],
            }
        )
    return {
        "size": len(table),
        "clusters": clusters,
        "empty": sorted(set(range(clusters)) - {card["number"] for card in cards}),
        "classes": names,
        "cards": cards,
    }


def _counts(classes: pd.Series) -> list[tuple[int, int]]:
    """(class, number of clips) without the clips of no class; ties in the order of the classes."""
    found = Counter(classes[classes >= 0].tolist())
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def _clips(rows: pd.DataFrame, places: dict[str, int]) -> list[dict[str, Any]]:
    columns = (rows["id"], rows["key"], rows["path"], rows["label"], rows["confidence"])
    return [
        {"id": id_, "key": key, "path": path, "class": places[label], "confidence": round(sure, 4)}
        for id_, key, path, label, sure in zip(*columns, strict=True)
    ]
