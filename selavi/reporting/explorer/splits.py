"""The clips of some splits with their clusters, from the files of the stages."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from selavi.data.schema import VIDEO, read_index, read_rejected, read_views
from selavi.files import UserError
from selavi.label.corrections import ids_apart
from selavi.reporting.explorer.missing import UNREADABLE

COLUMNS = ("sample", *VIDEO, "cluster")


def read_splits(
    splits: Sequence[tuple[Path, Path]],
) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[str, str]]]:
    """Read the assignments of splits, and where their clips are.

    Parameters
    ----------
    splits : sequence of tuple of Path and Path
        Of each split, the CSV of the assign stage and the index.

    Returns
    -------
    table : DataFrame
        The assignments of all splits, without clips that could not be read; `split` is the position
        of a clip's split. Ids are of paths below a split's folder: a clip whose `id` another split
        has too gets a new one.
    clips : DataFrame
        The rows of all indexes by that id; `id` itself is that of the shard, whose path, `shard`,
        is absolute.
    missing : list of tuple of str and str
        Reason and key of each video that was rejected, or whose clip could not be read.

    Raises
    ------
    UserError
        If a file is missing or invalid, there are no clips, or an index lacks one of them.
    """
    tables: list[pd.DataFrame] = []
    indexes: list[pd.DataFrame] = []
    used: set[str] = set()
    without: list[tuple[str, str]] = []
    for number, (assignments, index) in enumerate(splits):
        table = read_views(assignments, needed=COLUMNS)
        unreadable = table["cluster"] < 0
        without += [(UNREADABLE, key) for key in table.loc[unreadable, "key"]]
        rejected = index.parent / "rejected.csv"
        if rejected.exists():
            rows = read_rejected(rejected)
            without += zip(rows["reason"], rows["key"], strict=True)
        table = table[~unreadable].copy()
        clips = read_index(index)
        missing = ~table["id"].isin(clips["id"])
        if missing.any():
            first = table.loc[missing, "key"].iloc[0]
            raise UserError(
                f"{missing.sum()} of the {len(table)} clips in {assignments} are not in {index}, "
                f"the first of them {first!r}; give the index of the same split"
            )
        apart = dict(zip(clips["id"], ids_apart(clips["id"], used, number), strict=True))
        clips["shard"] = [str((index.parent / shard).absolute()) for shard in clips["shard"]]
        for rows in (table, clips):
            rows.index = pd.Index([apart[name] for name in rows["id"]])
        tables.append(table.assign(id=table.index, split=number))
        indexes.append(clips)
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        names = " and ".join(str(assignments) for assignments, _ in splits)
        raise UserError(f"{names} has no clips; make it again")
    return table, pd.concat(indexes), without
