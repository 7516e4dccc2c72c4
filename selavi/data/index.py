"""The index: the accepted clips of a split numbered 0..N-1, and the rejected ones with reasons."""

import logging
from pathlib import Path

import pandas as pd

from selavi.files import UserError, read_csv, write_csv

log = logging.getLogger(__name__)

TEXT_COLUMNS = ("id", "key", "path", "label", "reason", "detail", "shard")


def write_index(tables: list[Path], index: Path, rejected: Path) -> pd.DataFrame:
    """Join the shards' tables into `index` and `rejected`.

    Samples are numbered in the order of their keys; `shard` is the tar's name beside the index.

    Raises
    ------
    UserError if no clip was accepted, naming the reasons; `rejected` is written all the same.
    """
    parts = [
        read_csv(table, TEXT_COLUMNS).assign(shard=f"{table.stem}.tar") for table in sorted(tables)
    ]
    rows = pd.concat(parts, ignore_index=True).sort_values("key", ignore_index=True)
    aside = rows[rows["reason"] != ""]
    write_csv(rejected, aside[["id", "key", "path", "label", "reason", "detail", "shard"]])
    reasons = aside["reason"].value_counts()
    for reason, count in reasons.items():
        log.info("set aside: %d x %s (see %s)", count, reason, rejected)
    kept = rows[rows["reason"] == ""].drop(columns=["reason", "detail"]).reset_index(drop=True)
    if kept.empty:
        listed = ", ".join(f"{count} x {reason}" for reason, count in reasons.items())
        raise UserError(f"none of the {len(rows)} videos can be used: {listed}; see {rejected}")
    counts = ["width", "height", "frames", "samples", "rate"]
    places = [f"{kind}_{what}" for kind in ("video", "audio") for what in ("offset", "size")]
    kept = kept.astype(dict.fromkeys(counts + places, "int64"))
    kept.insert(0, "sample", range(len(kept)))
    write_csv(index, kept)
    log.info("%s: %d clips of %d videos", index, len(kept), len(rows))
    return kept


def read_index(path: Path) -> pd.DataFrame:
    """Read an index; `label` is "" where a clip has none. Raises UserError if missing."""
    return read_csv(path, TEXT_COLUMNS)
