"""Clips of a split at a lower quality of picture or sound, and what is left of their clusters."""

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
from selavi.evaluation.metrics import clustering_scores, picked_head
from selavi.files import UserError, write_csv
from selavi.settings import AudioLevel, VideoLevel

log = logging.getLogger(__name__)

AS_STORED = "as stored"
NEEDED = ("label", "cluster")  # of assignments


def degrade(
    index: Path, level: VideoLevel | AudioLevel, tar: Path, table: Path, threads: int = 1
) -> pd.DataFrame:
    """Encode the clips of a split again, and write them as one shard with its index.

    The index has `kilobytes`, the size of the degraded picture or sound as a codec stores it. Clips
    that cannot be decoded are left out. The files are the same bytes every time.

    Parameters
    ----------
    index : index of the split, beside its shards. level : how to degrade which modality.
    tar, table : the shard and its index to write, in one folder.

    Raises UserError if no clip is left, or the level is of sound and no clip has any.
    """
    rows = read_index(index)
    if isinstance(level, AudioLevel):
        rows = rows[rows["samples"] > 0]
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
    """Write NMI and accuracy of every level, of the head picked without classes, against size.

    Parameters
    ----------
    assignments, index : of the clips as they are stored.
    degraded : assignments of the same clips at each level. tables : the indexes that `degrade`
        wrote, in the same order; the files' names are those of the levels.
    of : columns that say what clips these are, `dataset` and `split`.

    Returns
    -------
    A row per level and modality judged; `degraded` is the modality that was encoded again.

    Raises UserError if no clip has a class.
    """
    plain = read_assignments(assignments, NEEDED)
    head = picked_head(plain, assignments)
    places = read_index(index)
    best = _scores(plain, head, assignments)
    rows: list[dict[str, Any]] = []
    for modality in ("video", "audio"):
        size = {"kilobytes": float(places[f"{modality}_size"].mean() / 1000)}
        levels = {t.stem: (a, t) for a, t in zip(degraded, tables, strict=True)}
        of_modality = {n: paths for n, paths in levels.items() if n.startswith(f"{modality}-")}
        if of_modality:
            rows += [s | {"level": AS_STORED, "degraded": modality} | size for s in best.values()]
        for name, (assigned, table) in of_modality.items():
            found = _scores(read_assignments(assigned, NEEDED), head, assigned)
            size = {"kilobytes": float(read_index(table)["kilobytes"].mean())}
            rows += [s | {"level": name, "degraded": modality} | size for s in found.values()]
    result = pd.DataFrame(rows)
    kept = result["nmi"] / result["modality"].map({m: s["nmi"] for m, s in best.items()})
    write_csv(output, result.assign(nmi_kept=kept, **(of or {})))
    return result


def _scores(table: pd.DataFrame, head: int, source: Path) -> dict[str, dict[str, Any]]:
    known = table[(table["label"] != "") & (table["cluster"] >= 0)]
    if known.empty:
        raise UserError(f"{source}: no clip has a class, so there is nothing to compare with")
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
        log.warning("left out: %s in %s: %s", row["path"], row["shard"], error)
        return row, None
    new |= checksums(video, audio)
    new["kilobytes"] = size / 1000
    facts = {"id": row["id"], "key": row["key"], "label": row["label"]}
    return new, members_of(row["id"], facts, video, audio)
