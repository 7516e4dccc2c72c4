"""The index: the accepted clips of a split numbered 0..N-1, and the rejected ones with reasons."""

import logging
from pathlib import Path

import pandas as pd

from selavi.data.schema import (
    BOUNDS,
    CHECKSUMS,
    OUTCOME,
    SKIPPED,
    VIDEO,
    further,
    lasts,
    read_index,
    read_rejected,
    read_shard_table,
)
from selavi.files import UserError, read_csv, write_csv

log = logging.getLogger(__name__)

COUNTS = tuple(name for name in BOUNDS if name not in ("fps", *CHECKSUMS))
LISTED = 5  # videos named in an error
REMEDIES = {
    "no-audio": "To train on silent videos, set the dataset's media.audio: none and the run's "
    "modalities: [video]",
    "too-short": "To take shorter ones, lower the dataset's media.min_seconds, and the length of "
    "the clips that the run takes of them",
    "timeout": "To give ffmpeg longer, raise the dataset's media.timeout_seconds",
    "missing": "Set the dataset's root to the folder that the paths start from",
}


def write_index(
    tables: list[Path], index: Path, rejected: Path, summary: Path, skipped: Path | None = None
) -> pd.DataFrame:
    """Join the shards' tables into the tables of a split.

    Samples are numbered in the order of their keys; `shard` is the tar's name beside the index.

    Parameters
    ----------
    tables : list of Path
        Tables of the shards.
    index, rejected, summary : Path
        CSVs to write: accepted clips, rejected videos, and how many videos had which outcome.
    skipped : Path, optional
        The manifest's counts of files that are not videos, for the summary.

    Returns
    -------
    DataFrame
        The index.

    Raises
    ------
    UserError
        If no clip was accepted, naming the reasons and the remedy for the commonest; if two shards
        have a sample of one name; if a table lacks a column.
    """
    parts = [read_shard_table(table).assign(shard=f"{table.stem}.tar") for table in sorted(tables)]
    rows = pd.concat(parts, ignore_index=True).sort_values("key", ignore_index=True)
    if rows["key"].duplicated().any():
        twice = rows[rows["key"] == rows.loc[rows["key"].duplicated(), "key"].iloc[0]]
        raise UserError(
            f"{twice['key'].iloc[0]} is in {' and in '.join(twice['shard'])}; take one of them out "
            "of the split's `tars`, or, if selavi did not make them and they hold other videos, "
            "rename one: samples are named after their tar"
        )
    known = {table.with_suffix(".tar").name for table in tables}
    for tar in sorted(index.parent.glob("[0-9]*.tar")):
        if tar.name not in known:
            log.warning("%s is left from a time with more shards; it is not used", tar)
    return write_split(rows, index, rejected, summary, skipped)


def write_split(
    rows: pd.DataFrame, index: Path, rejected: Path, summary: Path, skipped: Path | None = None
) -> pd.DataFrame:
    """Write the tables of a split, whose rows have their `shard`; see `write_index`."""
    if "notes" in rows:  # earlier versions wrote none
        rows = rows.assign(notes=rows["notes"].fillna(""))
    not_used = rows[rows["reason"] != ""]
    names = [*VIDEO, *OUTCOME, "shard", *further(rows)]
    write_csv(rejected, not_used[names])
    write_csv(summary, pd.concat([_summary(rows), *_not_videos(skipped)], ignore_index=True))
    reasons = not_used["reason"].value_counts()
    for reason, count in reasons.items():
        log.info("rejected: %d x %s (see %s)", count, reason, rejected)
    accepted = rows[rows["reason"] == ""].drop(columns=list(OUTCOME)).reset_index(drop=True)
    if accepted.empty:
        raise UserError(_none_left(not_used))
    accepted = accepted.astype(dict.fromkeys(COUNTS, "int64"))
    checksums = [name for name in CHECKSUMS if name in accepted]  # earlier versions wrote none
    accepted = accepted.astype(dict.fromkeys(checksums, "Int64"))
    accepted.insert(0, "sample", range(len(accepted)))
    write_csv(index, accepted)
    log.info("%s: %d clips of %d videos", index, len(accepted), len(rows))
    return accepted


def _none_left(aside: pd.DataFrame) -> str:
    """Why no video can be used; in full, as Snakemake removes the tables of a job that failed."""
    reasons = aside["reason"].value_counts()
    counted = ", ".join(f"{count} x {reason}" for reason, count in reasons.items())
    some = "".join(f"\n  {row.key}: {row.detail}" for row in aside.head(LISTED).itertuples())
    more = len(aside) - LISTED
    remedy = REMEDIES.get(str(reasons.index[0]), "")
    return (
        f"none of the {len(aside)} videos can be used: {counted}{some}"
        + (f"\n  and {more} more" if more > 0 else "")
        + (f"\n{remedy}" if remedy else "")
    )


def _summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Count of the videos by what became of them, with one to look at.

    Below `accepted`, how many of those are `accepted: truncated` and the like; see `Normalised`.
    """
    outcome = rows["reason"].replace("", "accepted")
    counts = _counted(rows, outcome).sort_values("videos", ascending=False)
    if "notes" in rows:
        noted = rows.assign(note=rows["notes"].str.split()).explode("note").dropna(subset="note")
        counts = pd.concat([counts, _counted(noted, "accepted: " + noted["note"])])
    table = counts.rename_axis("outcome").reset_index()
    table.insert(2, "share", table["videos"] / len(rows))
    return table


def _not_videos(skipped: Path | None) -> list[pd.DataFrame]:
    """Rows of the summary for what is no video by its suffix."""
    table = read_csv(skipped, ("suffix", "example"), SKIPPED) if skipped else pd.DataFrame()
    if table.empty:
        return []
    outcome = "skipped: " + table["suffix"]
    return [table.assign(outcome=outcome, videos=table["files"])[["outcome", "videos", "example"]]]


def _counted(rows: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    groups = rows.groupby(outcome, sort=False)
    return pd.DataFrame({"videos": groups.size(), "example": groups["key"].first()})


def contents(index: pd.DataFrame) -> pd.DataFrame:
    """What of an index makes its clips what they are.

    Not where their videos lay, nor the columns of the user's table, of which training knows
    nothing, nor those that shards made before do not have.
    """
    aside = {"path", "notes", *CHECKSUMS, *further(index)}
    return index.drop(columns=[name for name in index.columns if name in aside])


def rejected_note(index: Path) -> str:
    """Say how many videos of a split were rejected, for the notes of a table; "" if none were."""
    rejected = index.with_name("rejected.csv")
    count = len(read_rejected(rejected)) if rejected.exists() else 0
    return f"{count} videos of {count + len(read_index(index))} were rejected" if count else ""


def stored_media(index: pd.DataFrame) -> dict[str, float | int]:
    """How the clips of an index are stored, by the names of `MediaSettings`.

    Parameters
    ----------
    index : DataFrame
        The index.

    Returns
    -------
    dict
        `fps`, `short_side` (the largest: small videos keep their size), and `audio_rate` unless no
        clip has audio; nothing of clips without media.
    """
    if not lasts(index).any():
        return {}
    sides = index[["width", "height"]].min(axis=1)
    media: dict[str, float | int] = {
        "fps": float(index["fps"].iloc[0]),
        "short_side": int(sides.max()),
    }
    rates = index.loc[index["samples"] > 0, "rate"]
    return media | ({"audio_rate": int(rates.iloc[0])} if len(rates) else {})
