"""The manifest: every video of a split, with its identity and its shard; nothing decoded."""

import hashlib
import logging
import os
from pathlib import Path

import pandas as pd

from selavi.data.schema import VideoRow
from selavi.data.sources.source import VideoSource
from selavi.data.sources.split_files import plain_class
from selavi.files import UserError, write_csv

log = logging.getLogger(__name__)

NAMED = 10  # missing videos named in an error; all of them are in the log


def write_manifest(
    source: VideoSource, shards: int, output: Path, skipped: Path | None = None
) -> pd.DataFrame:
    """List the videos of a split and write its manifest, each with its shard.

    Parameters
    ----------
    source : VideoSource
        Where the split's videos are.
    shards : int
        Number of shards.
    output : Path
        The manifest to write (CSV).
    skipped : Path, optional
        A CSV to write of the files that are not videos by their suffix: each `suffix`, how many
        `files` have it, and an `example`.

    Returns
    -------
    DataFrame
        The manifest.

    Raises
    ------
    UserError
        If the source has no videos, or two keys have the same hash.
    """
    listing = source.listing()
    if skipped:
        write_csv(skipped, listing.skipped)
    table, place = listing.videos, source.place
    if table["id"].duplicated().any():
        clash = table.loc[table["id"].duplicated(keep=False), "key"].head(2).tolist()
        raise UserError(f"two keys have the same hash: {clash}; rename one of them")
    table["shard"] = shard_of(table["id"], shards)
    write_csv(output, table)
    classes = pd.Series(table.loc[table["label"] != "", "label"].unique(), dtype=str)
    log.info("%d videos in %s, %d classes, %d shards", len(table), place, len(classes), shards)
    for _, alike in classes.groupby(classes.map(plain_class)):
        if len(alike) > 1:
            words = "%s: %s are spelt alike and count as %d classes; rename them if they are one"
            log.warning(words, place, " and ".join(map(repr, sorted(alike))), len(alike))
    if len(classes) == 1:
        log.warning("only one class: figures that compare clusters with classes will say nothing")
    return table


def report_missing(missing: pd.Series, named: int, most: float) -> None:
    """Log every missing video. Raises UserError if their share of those named is above `most`."""
    for key in missing:
        log.warning("missing on disk: %s", key)
    if len(missing) > most * named:
        some = ", ".join(missing.head(NAMED))
        raise UserError(
            f"{len(missing)} of {named} videos are missing, more than max_missing = {most:g}: "
            f"{some}{', ...' if len(missing) > NAMED else ''}; get them, or raise max_missing"
        )


def id_of(key: str) -> str:
    """The id of a video: 16 hex digits, a hash of its key."""
    return hashlib.sha256(os.fsencode(key)).hexdigest()[:16]


def shard_of(ids: pd.Series, shards: int) -> pd.Series:
    """The shard of each id: a stable hash, so that a new video changes one shard only."""
    return ids.map(lambda text: int(text, 16) % shards)


def row_of(folder: Path, relative: Path, label: str, reason: str, detail: str) -> VideoRow:
    """A row of a manifest, of a path below `folder`."""
    return {
        "id": id_of(relative.as_posix()),
        "key": printable(relative.as_posix()),
        "path": printable((folder / relative).as_posix()),
        "label": printable(label),
        "reason": reason,
        "detail": printable(detail),
    }


def printable(name: str) -> str:
    """A file's name as text that any file can hold."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
