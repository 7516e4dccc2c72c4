"""The index: the accepted clips of a split numbered 0..N-1, and the rejected ones with reasons."""

import logging
from pathlib import Path

import pandas as pd

from selavi.files import UserError, read_csv, write_csv

log = logging.getLogger(__name__)

TEXT_COLUMNS = ("id", "key", "path", "label", "reason", "detail", "shard")
COUNTS = (
    "width", "height", "frames", "samples", "rate",
    "video_offset", "video_size", "audio_offset", "audio_size",
)  # fmt: skip


def write_index(tables: list[Path], index: Path, rejected: Path, summary: Path) -> pd.DataFrame:
    """Join the shards' tables into `index` and `rejected`, and count what became of the videos.

    Samples are numbered in the order of their keys; `shard` is the tar's name beside the index.

    Raises
    ------
    UserError if no clip was accepted, naming the reasons.
    """
    parts = [
        read_csv(table, TEXT_COLUMNS).assign(shard=f"{table.stem}.tar") for table in sorted(tables)
    ]
    rows = pd.concat(parts, ignore_index=True).sort_values("key", ignore_index=True)
    if rows["key"].duplicated().any():
        twice = rows.loc[rows["key"].duplicated(), "key"].iloc[0]
        raise UserError(f"{twice} is in two shards; they are not of one dataset")
    known = {table.with_suffix(".tar").name for table in tables}
    for tar in sorted(index.parent.glob("[0-9]*.tar")):
        if tar.name not in known:
            log.warning("%s is left from a time with more shards; it is not used", tar)
    return write_split(rows, index, rejected, summary)


def write_split(rows: pd.DataFrame, index: Path, rejected: Path, summary: Path) -> pd.DataFrame:
    """Write the three tables of a split; see `write_index`. Every row has its `shard`."""
    aside = rows[rows["reason"] != ""]
    write_csv(rejected, aside[["id", "key", "path", "label", "reason", "detail", "shard"]])
    write_csv(summary, _summary(rows))
    reasons = aside["reason"].value_counts()
    for reason, count in reasons.items():
        log.info("set aside: %d x %s (see %s)", count, reason, rejected)
    kept = rows[rows["reason"] == ""].drop(columns=["reason", "detail"]).reset_index(drop=True)
    if kept.empty:
        listed = ", ".join(f"{count} x {reason}" for reason, count in reasons.items())
        raise UserError(f"none of the {len(rows)} videos can be used: {listed}; see {rejected}")
    kept = kept.astype(dict.fromkeys(COUNTS, "int64"))
    kept.insert(0, "sample", range(len(kept)))
    write_csv(index, kept)
    log.info("%s: %d clips of %d videos", index, len(kept), len(rows))
    return kept


def _summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Count of the videos by what became of them, with one to look at."""
    outcome = rows["reason"].replace("", "accepted")
    groups = rows.groupby(outcome, sort=False)
    table = pd.DataFrame({"videos": groups.size(), "example": groups["key"].first()})
    table = table.sort_values("videos", ascending=False).rename_axis("outcome").reset_index()
    table.insert(2, "share", table["videos"] / len(rows))
    return table


def read_index(path: Path) -> pd.DataFrame:
    """Read an index; `label` is "" where a clip has none. Raises UserError if missing."""
    return read_csv(path, TEXT_COLUMNS)
