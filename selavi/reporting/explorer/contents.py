"""Content of the explorer: which clips of a cluster are shown, and numbers about clusters."""

import re
from collections import Counter
from typing import Any

import pandas as pd

from selavi.data.schema import cluster_counts
from selavi.files import UserError


def number_of_clusters(table: pd.DataFrame, known: int | None = None) -> int:
    """K, the number of clusters with and without clips, of the selected head.

    Parameters
    ----------
    table : DataFrame
        Assignments of the assign stage.
    known : int, optional
        K if it is known. Otherwise K is what the assignments say, or else one more than the largest
        cluster of any head and clip, which is too small if all heads leave the last clusters empty.

    Raises
    ------
    UserError
        If `known` is too small for the assignments.
    """
    counts = cluster_counts(table)
    if counts and known is None and len(table):
        return counts[int(table["head"].iloc[0])]
    heads = [name for name in table if name == "cluster" or re.search(r"_head\d+$", str(name))]
    used = int(table[heads].to_numpy().max()) + 1
    if known is not None and known < used:
        raise UserError(f"clusters is {known}, but the assignments have cluster {used - 1}")
    return known or used


def pick_ranks(size: int, count: int) -> list[int]:
    """Ranks of the clips to show for a cluster.

    The first half are the most confident clips; the others are evenly spaced over the remaining
    ranks, down to the least confident, so that uncertain clips are shown, too.

    Parameters
    ----------
    size : int
        Number of clips, ranked from the most confident (0).
    count : int
        Maximum number of clips to show.

    Returns
    -------
    list of int
        Ranks, ascending.

    Examples
    --------
    >>> pick_ranks(100, 6)
    [0, 1, 2, 34, 66, 99]
    >>> pick_ranks(3, 6)
    [0, 1, 2]
    """
    if size <= count:
        return list(range(size))
    top = -(-count // 2)
    spaced, rest = count - top, size - top
    return [*range(top), *(top + i * rest // spaced - 1 for i in range(1, spaced + 1))]


def choose_clips(table: pd.DataFrame, per_cluster: int) -> pd.DataFrame:
    """Rows of the clips to show, by cluster, then by falling confidence; see `pick_ranks`.

    Ties in confidence are ordered by `sample`.
    """
    ranked = table.sort_values(["cluster", "confidence", "sample"], ascending=[True, False, True])
    groups = [group for _, group in ranked.groupby("cluster")]
    return pd.concat([group.iloc[pick_ranks(len(group), per_cluster)] for group in groups])


def describe(table: pd.DataFrame, shown: pd.DataFrame, clusters: int) -> dict[str, Any]:
    """The data of the page, ready for JSON.

    Parameters
    ----------
    table : DataFrame
        Assignments.
    shown : DataFrame
        Those of its rows to show.
    clusters : int
        K.

    Returns
    -------
    dict
        `size`, the number of clips; `head` or None; `clusters`, K; `empty`, numbers of the clusters
        without clips; `classes`, names, sorted; and `cards`. A card is a cluster with clips: its
        `number`; its `name`, "" for none; its `size`; `confidence`, a mean from 0 to 1; `purity`,
        the share of the commonest class among its clips that have one, 0 to 1, None if none has;
        `classes`, (class, count), commonest first; `clips` with `id`, `key`, `path`, `class` and
        `confidence`, and `bare` if they have no media. Classes are positions in the list of names,
        -1 for none.
    """
    names = sorted(set(table["label"]) - {""})
    numbers = {"": -1} | {name: number for number, name in enumerate(names)}
    tiles = {number: _clips(group, numbers) for number, group in shown.groupby("cluster")}
    cards = []
    for number, group in table.groupby("cluster"):
        counts = _counts(group["label"].map(numbers))
        labelled = sum(count for _, count in counts)
        cards.append(
            {
                "number": int(group["cluster"].iloc[0]),
                "name": group["name"].iloc[0] if "name" in group else "",
                "size": len(group),
                "confidence": round(float(group["confidence"].mean()), 4),
                "purity": round(counts[0][1] / labelled, 4) if counts else None,
                "classes": counts,
                "clips": tiles[number],
            }
        )
    return {
        "size": len(table),
        "head": int(table["head"].iloc[0]) if "head" in table else None,
        "clusters": clusters,
        "empty": sorted(set(range(clusters)) - {card["number"] for card in cards}),
        "classes": names,
        "cards": cards,
    }


def _counts(classes: pd.Series) -> list[tuple[int, int]]:
    """(class, number of clips), commonest first, then by class; clips without one are omitted."""
    counts = Counter(classes[classes >= 0].tolist())
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _clips(rows: pd.DataFrame, numbers: dict[str, int]) -> list[dict[str, Any]]:
    bare = rows["bare"] if "bare" in rows else [False] * len(rows)
    columns = (rows["id"], rows["key"], rows["path"], rows["label"], rows["confidence"], bare)
    return [
        {"id": id_, "key": key, "path": path, "class": numbers[label], "confidence": round(c, 4)}
        | ({"bare": True} if without else {})
        for id_, key, path, label, c, without in zip(*columns, strict=True)
    ]
