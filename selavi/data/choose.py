"""A split chosen out of another: some of its classes, or the videos that a benchmark's files name.

The clips stay in the other split's shards; only the index is this split's own.
"""

import difflib
import logging
import os
from pathlib import Path, PurePosixPath

import pandas as pd

from selavi.data.index import TEXT_COLUMNS, write_split
from selavi.data.lists import official_videos
from selavi.data.manifest import id_of, report_missing
from selavi.files import UserError, read_csv
from selavi.settings import OfficialSettings

log = logging.getLogger(__name__)


def choose_classes(
    parent: Path, classes: list[str], index: Path, rejected: Path, summary: Path
) -> pd.DataFrame:
    """Choose the videos of some classes, those set aside included; see `write_index`.

    parent : the other split's index.csv. Classes compare with spaces and underscores alike.

    Raises
    ------
    UserError if a class has no videos there, naming the nearest that has.
    """
    rows = _rows(parent, index)
    names = rows["label"].map(plain_class)
    there = sorted(set(names))
    for name in classes:
        if plain_class(name) not in there:
            close = difflib.get_close_matches(plain_class(name), there, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise UserError(f"class {name!r} has no videos in {parent}{hint}")
    chosen = rows[names.isin({plain_class(name) for name in classes})]
    return write_split(chosen.reset_index(drop=True), index, rejected, summary)


def choose_official(
    parent: Path,
    folder: Path,
    official: OfficialSettings,
    max_missing: float,
    index: Path,
    rejected: Path,
    summary: Path,
) -> pd.DataFrame:
    """Choose the videos that official split files name; see `write_index` and `official_videos`.

    A file is known by its class and its name without suffix, as videos are often converted; in a
    flat folder or tar by its name alone. Labels are the official classes. Videos that are named and
    are not there get a row in `rejected` with reason `missing`.

    Raises
    ------
    UserError if more than `max_missing` of those named are missing.
    """
    named = official_videos(folder, official)
    rows = _rows(parent, index)
    keys = rows["key"].map(PurePosixPath)
    folders = [[part for part in key.parts[:-1] if not part.endswith(".tar")] for key in keys]
    rows = rows.assign(
        stem=keys.map(lambda key: key.stem),
        folder=[plain_class(names[0]) if names else "" for names in folders],
    )
    found = named.rename(columns={"label": "official"}).merge(rows, on="stem", how="left")
    same = (found["folder"] == found["official"].map(plain_class)) | (found["folder"] == "")
    found = found[same].drop_duplicates(["official", "stem"])
    both = found.merge(
        named.rename(columns={"label": "official"}), on=["official", "stem"], how="right"
    )
    gone = both["key"].isna()
    names = both["official"] + "/" + both["stem"]
    report_missing(names[gone], len(named), max_missing)
    chosen = both.assign(
        label=both["official"],
        key=both["key"].where(~gone, names),
        id=both["id"].where(~gone, names.map(id_of)),
        path=both["path"].where(~gone, names),
        shard=both["shard"].where(~gone, ""),
        reason=both["reason"].where(~gone, "missing"),
        detail=both["detail"].where(~gone, f"named in the official files in {folder}, not on disk"),
    ).drop(columns=["official", "stem", "folder"])
    return write_split(chosen.sort_values("key", ignore_index=True), index, rejected, summary)


def _rows(parent: Path, index: Path) -> pd.DataFrame:
    """All rows of the other split, with their shards as they are seen from this one's index."""
    parts = [read_csv(path, TEXT_COLUMNS) for path in (parent, parent.with_name("rejected.csv"))]
    rows = pd.concat(parts, ignore_index=True).drop(columns="sample")
    rows[["reason", "detail"]] = rows[["reason", "detail"]].fillna("")
    there = Path(os.path.relpath(parent.parent, index.parent))
    rows["shard"] = [(there / name).as_posix() for name in rows["shard"]]
    return rows.sort_values("key", ignore_index=True)


def plain_class(name: str) -> str:
    """A class's name with spaces and underscores, and large and small letters, alike."""
    return " ".join(name.replace("_", " ").lower().split())
