"""Degraded clips of a split, and the scores of their clusters beside those of the stored ones."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from selavi.data.reencode import degrade_audio, degrade_video
from selavi.data.schema import (
    VideoRow,
    heads_by_modality,
    read_assignments,
    read_index,
    rows_of,
)
from selavi.data.shards.reader import CorruptClip, checksums, read_clip
from selavi.data.shards.tars import places_of
from selavi.data.shards.writer import Members, members_of, with_places, write_tar
from selavi.evaluation.metrics import clustering_scores, selected_head
from selavi.files import UserError, write_csv
from selavi.settings import AudioLevel, VideoLevel

log = logging.getLogger(__name__)

AS_STORED = "as stored"
NEEDED = ("label", "cluster")  # of assignments


def degrade(
    index: Path, level: VideoLevel | AudioLevel, tar: Path, table: Path, threads: int = 1
) -> pd.DataFrame:
    """Re-encode the clips of a split at a lower quality, as one shard with its index.

    Clips that cannot be decoded are skipped. The same clips and level give the same bytes.

    Parameters
    ----------
    index : Path
        Index of the split, in the folder of its shards.
    level : VideoLevel or AudioLevel
        Which modality to degrade, and how.
    tar, table : Path
        The shard and its index to write, in one folder.
    threads : int
        Clips to encode at a time.

    Returns
    -------
    pandas.DataFrame
        The index; `kilobytes` is the encoded size of the degraded modality.

    Raises
    ------
    UserError
        If no clip can be decoded, or none has the modality.
    """
    rows = read_index(index)
    rows = rows[rows["samples" if isinstance(level, AudioLevel) else "video_size"] > 0]
    if rows.empty:
        raise UserError(f"{index} holds no clip to degrade")

    def make(row: VideoRow) -> tuple[VideoRow, Members | None]:
        return _degraded(row, index.parent, level)

    made = pd.DataFrame(write_tar(tar, rows_of(rows.assign(kilobytes=np.nan)), make, threads))
    done = made[made["kilobytes"].notna()].reset_index(drop=True)
    if done.empty:
        raise UserError(f"none of the {len(rows)} clips of {index} can be decoded")
    numbered = done.assign(sample=np.arange(len(done)), shard=tar.name)
    result = with_places(numbered, places_of(tar))
    write_csv(table, result)
    log.info("%s: %d clips, %.1f kB each", tar, len(result), result["kilobytes"].mean())
    return result


def evaluate_degraded(
    assignments: Path,
    index: Path,
    degraded: list[Path],
    tables: list[Path],
    output: Path,
    of: dict[str, str] | None = None,
) -> pd.DataFrame:
    """Write NMI and accuracy of the selected head for every level, with the size of the clips.

    Parameters
    ----------
    assignments, index : Path
        Of the stored clips.
    degraded : list of Path
        Assignments of the degraded clips, by level.
    tables : list of Path
        Indexes that `degrade` wrote, in the same order; their file names are those of the levels.
    output : Path
        CSV to write.
    of : dict of str to str, optional
        Further columns, such as `dataset` and `split`.

    Returns
    -------
    pandas.DataFrame
        A row per level and scored modality. `degraded` is the degraded modality, `kilobytes` the
        mean size of its clips, `nmi_kept` the NMI over that of the stored clips.

    Raises
    ------
    UserError
        If no clip has a class.
    """
    stored = read_assignments(assignments, NEEDED)
    head = selected_head(stored, assignments)
    stored_index = read_index(index)
    base = _scores(stored, head, assignments)
    rows: list[dict[str, Any]] = []
    for modality in ("video", "audio"):
        size = {"kilobytes": float(stored_index[f"{modality}_size"].mean() / 1000)}
        levels = {t.stem: (a, t) for a, t in zip(degraded, tables, strict=True)}
        of_modality = {n: paths for n, paths in levels.items() if n.startswith(f"{modality}-")}
        if of_modality:
            rows += [s | {"level": AS_STORED, "degraded": modality} | size for s in base.values()]
        for name, (assigned, table) in of_modality.items():
            scores = _scores(read_assignments(assigned, NEEDED), head, assigned)
            sizes = read_index(table, needed=("kilobytes",))["kilobytes"]
            size = {"kilobytes": float(sizes.mean())}
            rows += [s | {"level": name, "degraded": modality} | size for s in scores.values()]
    result = pd.DataFrame(rows)
    ratio = result["nmi"] / result["modality"].map({m: s["nmi"] for m, s in base.items()})
    write_csv(output, result.assign(nmi_kept=ratio, **(of or {})))
    return result


def _scores(table: pd.DataFrame, head: int, source: Path) -> dict[str, dict[str, Any]]:
    known = table[(table["label"] != "") & (table["cluster"] >= 0)]
    if known.empty:
        raise UserError(f"{source}: no clip has a class, so there are no scores")
    classes = known["label"].to_numpy(dtype=str)
    rows = {}
    for modality, columns in heads_by_modality(table).items():
        scores = clustering_scores(classes, known[columns[head]].to_numpy())
        rows[modality] = {
            "modality": modality, "nmi": scores.nmi, "accuracy": scores.accuracy,
            "clips": len(known),
        }  # fmt: skip
    return rows


def _degraded(
    row: VideoRow, folder: Path, level: VideoLevel | AudioLevel
) -> tuple[VideoRow, Members | None]:
    """The clip's row and its members for the shard; neither is new if it cannot be decoded."""
    try:
        video, audio = read_clip(folder, row)
        new: VideoRow = {**row}
        if isinstance(level, VideoLevel):
            video, new["width"], new["height"] = degrade_video(video, level)
            size = len(video)
        else:
            audio, size = degrade_audio(audio, level, seed=int(row["id"], 16) % 2**32)
    except CorruptClip as error:
        log.warning("corrupt clip: %s in %s: %s", row["path"], row["shard"], error)
        return row, None
    new |= checksums(video, audio)
    new["kilobytes"] = size / 1000
    facts = {"id": row["id"], "key": row["key"], "label": row["label"]}
    return new, members_of(row["id"], facts, video, audio)
