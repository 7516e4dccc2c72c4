"""The tables of a split: their columns with units, and how they are read.

- manifest: every video found; `VIDEO`, `OUTCOME`, of a table of videos `SEGMENT`, and `shard`, the
  number of its shard;
- shard table: what became of the videos of one shard; `SHARD_TABLE`;
- index: the accepted clips, numbered by `sample`; `SHARD_TABLE` without `OUTCOME`, and `shard`, the
  tar's path as seen from the index. The rejected videos are in a table beside it;
- assignments: `sample`, `VIDEO`, `detail`, `ASSIGNED`, and the columns of `head_columns`;
- labels: the windows of users' videos with their clusters, `LABELS`;
- names: what people call clusters, `NAMES`.

Columns of a user's own table of videos stand beside these in all of them, as text.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict, cast

import pandas as pd

from selavi.files import UserError, read_csv, read_csv_as
from selavi.formulas import unguard

VIDEO = ("id", "key", "path", "label")
OUTCOME = ("reason", "detail")
SEGMENT = ("start", "end")
BOUNDS = {
    "width": (0, 2**15), "height": (0, 2**15), "frames": (0, 2**31), "fps": (0, 1000),
    "samples": (0, 2**40), "rate": (0, 2**20), "video_offset": (0, 2**48),
    "video_size": (0, 2**40), "audio_offset": (0, 2**48), "audio_size": (0, 2**40),
    "video_crc": (0, 2**32 - 1), "audio_crc": (0, 2**32 - 1),
}  # fmt: skip
"""Least and greatest value of each number of a clip."""
LASTING = {"frames": 1, "fps": 1e-3}
"""Least value of what is 0 only of a clip without media."""
MEDIA = ("width", "height", "frames", "fps", "samples", "rate")
PLACES = ("video_offset", "video_size", "audio_offset", "audio_size")
CHECKSUMS = ("video_crc", "audio_crc")
"""Shards made by earlier versions have none."""
HEAD_CLUSTERS = "head_clusters"
"""The number of clusters of each head, such as "8 8 16 16"; of runs with several numbers only."""
SHARD_TABLE = (*VIDEO, *SEGMENT, *OUTCOME, *MEDIA, "notes", *PLACES, *CHECKSUMS)
ASSIGNED = ("cluster", "confidence", "margin", "second", "head", HEAD_CLUSTERS)
LABELS = (
    "path", "start", "end", "cluster", "name", "by", "tags", "model_cluster", "confidence",
    "second", "margin", "modalities", "duplicate_of", "reason", "detail",
)  # fmt: skip
"""Columns of labels.csv, a row per window of a video and per rejected file.

`start` and `end` are seconds of the file. `by` says who decided on the cluster, "model" or
"person", and `tags` are a person's. `model_cluster` is what the model says, with its probability,
`confidence`; `second` is the next cluster, `margin` the confidence minus that of `second`.
`modalities` says what the cluster is from: "video+audio", "video" or "audio". `duplicate_of` names
the window that this one repeats, as `path#t=start,end`. A rejected file or window has a `reason`
and a `detail`, and no cluster.
"""
NAMES = ("head", "cluster", "name")
"""Columns of names.csv."""
SKIPPED = ("suffix", "files", "example")
"""Columns of the counts of files that are not videos, beside a manifest."""

_NUMBERS = ("sample", *SEGMENT, *MEDIA, *PLACES, *CHECKSUMS, "kilobytes")
_RESERVED = {*SHARD_TABLE, *_NUMBERS, "shard", *ASSIGNED}
_NUMBERS_OF_CLIPS = (*_NUMBERS, "confidence", "margin", "second", "head")
_OF_HEADS = re.compile(r".*_head[^_]*(_confidence|_margin)?")


class VideoRow(TypedDict, total=False):
    """A row of a manifest, shard table or index; a user's own columns may follow."""

    id: str
    """Hash of the key, 16 hex digits: the name of the clip's members in its shard."""
    key: str
    """The video's path below its split's folder."""
    path: str
    """Where the video was."""
    label: str
    """Its class, "" if it has none."""
    start: float
    """Start of a segment, in seconds; NaN for the video's own."""
    end: float
    """End of a segment, in seconds; NaN for the video's own."""
    reason: str
    """Why it is rejected, "" if it is not."""
    detail: str
    """The reason in a sentence."""
    width: int
    """In pixels, 0 of a clip without video."""
    height: int
    """In pixels, 0 of a clip without video."""
    frames: int
    """Number of stored frames; without video, of those that would last as long as the audio; 0 of a
    clip without media."""
    fps: float
    """Their rate, in frames per second; 0 of a clip without media."""
    samples: int
    """Number of stored audio samples, 0 of a mute clip."""
    rate: int
    """Their rate, in Hz, 0 of a mute clip."""
    notes: str
    """What is odd about an accepted video, in words such as `truncated`."""
    video_offset: int
    """First byte of the mp4 in the tar, 0 of a clip without video."""
    video_size: int
    """In bytes, 0 of a clip without video."""
    audio_offset: int
    """First byte of the wav in the tar, 0 of a mute clip."""
    audio_size: int
    """In bytes, 0 of a mute clip."""
    video_crc: int
    """CRC-32 of the mp4."""
    audio_crc: int
    """CRC-32 of the wav."""
    shard: str
    """The tar's path as seen from the index; in a manifest, the number of the shard instead."""
    sample: int
    """The clip's number in the index."""
    kilobytes: float
    """Size of a degraded clip's video or audio, in 10^3 bytes."""


def rows_of(table: pd.DataFrame) -> list[VideoRow]:
    """The rows of a manifest, shard table or index, one by one."""
    return cast("list[VideoRow]", table.to_dict("records"))


def is_reserved(name: str) -> bool:
    """Whether a stage writes, or will add, a column of this name."""
    return name in _RESERVED or _OF_HEADS.fullmatch(name) is not None


def further(table: pd.DataFrame) -> list[str]:
    """Columns that a user's table brought along."""
    return [name for name in table.columns if not is_reserved(name)]


def head_columns(modality: str, head: int) -> tuple[str, str, str]:
    """Columns of one head's clusters, confidences and margins in a table of assignments."""
    name = f"{modality}_head{head}"
    return name, f"{name}_confidence", f"{name}_margin"


def cluster_counts(table: pd.DataFrame) -> list[int] | None:
    """Number of clusters of each head of an assignment table; None if it does not say."""
    texts = table[HEAD_CLUSTERS].unique().tolist() if HEAD_CLUSTERS in table else []
    parts = str(texts[0]).split() if len(texts) == 1 else []
    return [int(part) for part in parts] if parts and all(p.isdigit() for p in parts) else None


def number_of_clusters(table: pd.DataFrame, known: int | None = None) -> int:
    """K, the number of clusters with and without clips, of the selected head.

    Parameters
    ----------
    table : DataFrame
        Assignments.
    known : int, optional
        K if it is known. What the assignments say overrides it. Without either, K is one more than
        the largest cluster of any head and clip, which is too small if all heads leave the last
        clusters empty.

    Raises
    ------
    UserError
        If `known` is too small for the assignments.
    """
    counts = cluster_counts(table)
    if counts and "head" in table:
        return counts[int(table["head"].iloc[0])]
    heads = [column for columns in heads_by_modality(table).values() for column in columns]
    used = int(table[["cluster", *heads]].to_numpy().max(initial=-1)) + 1
    if known is not None and known < used:
        raise UserError(f"clusters is {known}, but the assignments have cluster {used - 1}")
    return known or used


def heads_by_modality(table: pd.DataFrame) -> dict[str, list[str]]:
    """Columns of an assignment table that hold clusters: modality -> one column per head."""
    found: dict[str, list[str]] = {}
    for column in table.columns:
        modality, mark, head = column.rpartition("_head")
        if mark and head.isdigit():
            found.setdefault(modality, []).append(column)
    return found


def read_manifest(path: Path) -> pd.DataFrame:
    """Read a manifest. Raises UserError if it is missing, or lacks a column."""
    needed = (*VIDEO, *OUTCOME, "shard")
    return read_csv(path, numbers=(*_NUMBERS, "shard"), needed=needed)


def manifest_column(path: Path, name: str, rows: int = 100_000) -> Iterator["pd.Series[str]"]:
    """Read one text column of a manifest, some rows at a time: it may be long.

    Raises UserError if it cannot be read.
    """
    try:
        parts = pd.read_csv(path, usecols=[name], dtype=str, na_filter=False, chunksize=rows)
        yield from (unguard(part)[name] for part in parts)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read: {error}; remove it and run the same command again"
        ) from None


def read_shard_table(path: Path) -> pd.DataFrame:
    """Read a shard's table. Raises UserError if it is missing, or a clip's number cannot be."""
    return _checked(read_csv(path, numbers=_NUMBERS, needed=("key", "reason")), path)


def read_index(path: Path, needed: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read an index; `label` is "" where a clip has none.

    Raises UserError if it is missing, lacks a column that is `needed`, or is damaged.
    """
    return _checked(read_csv(path, numbers=_NUMBERS, needed=("key", *needed)), path)


def read_rejected(path: Path) -> pd.DataFrame:
    """Read the table of rejected videos beside an index. Raises UserError if missing."""
    return read_csv(path, numbers=_NUMBERS, needed=("key", "reason"))


def read_assignments(path: Path, needed: tuple[str, ...] = ("label",)) -> pd.DataFrame:
    """Read a table of assignments. Raises UserError if it lacks a column that is needed."""
    return read_csv(path, (*VIDEO, "detail"), needed=needed)


def read_views(path: Path, needed: tuple[str, ...]) -> pd.DataFrame:
    """Read a table of assignments without the heads' confidences, for little memory.

    Of VGG-Sound's training videos by 30 heads it takes a quarter of what `read_assignments` does.
    Raises UserError if it lacks a column that is needed.
    """
    return read_csv_as(path, _type_of_view, needed)


def _type_of_view(name: str) -> str | None:
    """The smallest type for a column of a table of assignments; None for a head's confidence."""
    if _OF_HEADS.fullmatch(name):
        kind = name.rpartition("_")[2]
        return {"confidence": None, "margin": "float32"}.get(kind, "int16")
    if name in ("sample", "cluster"):
        return "int64"
    return "float64" if name in _NUMBERS_OF_CLIPS else "str"


def lasts(clips: pd.DataFrame) -> pd.Series:
    """Of each clip of an index, whether it has media; a damaged number counts as media."""
    sizes = [name for name in ("frames", "video_size", "audio_size") if name in clips]
    return (clips[sizes] != 0).any(axis=1)


def _checked(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The table that was read from `path`, if its clips' numbers are such as clips can have.

    They say where bytes are read and how much memory they need, and a file may be damaged.
    Rejected rows have no numbers. Raises UserError naming the clip and the number.
    """
    clips = table[table["reason"] == ""] if "reason" in table else table
    has_media = lasts(clips)
    for name, (least, most) in BOUNDS.items():
        if name in CHECKSUMS and name not in table:
            continue
        if name not in table:
            raise UserError(f"{path} has no column {name!r}; make it again with its stage")
        values = pd.to_numeric(clips[name], errors="coerce")
        bad = ~values.between(least, most) | ((values % 1 != 0) & (name != "fps"))
        if name in LASTING:
            bad |= (values < LASTING[name]) & has_media
        if name in CHECKSUMS:
            bad &= clips[name].notna()
        if bad.any():
            first = clips[bad].iloc[0]
            raise UserError(
                f"{path} is damaged: {first['key']} has {name} = {str(first[name])[:40]!r}, which "
                "no clip has; remove that file and run the same command again"
            )
        if clips is table and name != "fps":
            whole = values.astype("Int64") if name in CHECKSUMS else values.astype("int64")
            table = table.assign(**{name: whole})
    for name in ("width", "height"):
        bad = (clips[name] == 0) != (clips["video_size"] == 0)
        if bad.any():
            first = clips[bad].iloc[0]
            raise UserError(
                f"{path} is damaged: {first['key']} has {name} = {first[name]} and video_size = "
                f"{first['video_size']}; remove that file and run the same command again"
            )
    return table
