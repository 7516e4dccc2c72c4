"""Clips of a split at a lower quality of picture or sound, and what is left of their clusters."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import webdataset as wds

from selavi.data.index import read_index
from selavi.data.reencode import degrade_audio, degrade_video
from selavi.data.shards.reader import CorruptClip, checksums, read_clip
from selavi.data.shards.tars import places_of
from selavi.evaluation.metrics import (
    TEXT_COLUMNS,
    clustering_scores,
    heads_by_modality,
    picked_head,
)
from selavi.files import UserError, atomic_path, read_csv, write_csv
from selavi.progress import Bar
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
    done: list[dict[str, Any]] = []
    with (
        atomic_path(tar) as temporary,
        temporary.open("wb") as file,
        wds.TarWriter(file, user="selavi", group="selavi", mode=0o644, mtime=0) as writer,
        ThreadPoolExecutor(threads) as pool,
    ):
        work = pool.map(lambda row: _attempt(row, index.parent, level), rows.to_dict("records"))
        for made in Bar(work, total=len(rows), desc=level.name, unit="clip"):
            if made is not None:
                row, sample = made
                writer.write(sample)
                done.append(row)
    if not done:
        raise UserError(f"none of the {len(rows)} clips of {index} can be decoded")
    result = _with_places(pd.DataFrame(done), tar)
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
    plain = read_csv(assignments, TEXT_COLUMNS, needed=NEEDED)
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
            found = _scores(read_csv(assigned, TEXT_COLUMNS, needed=NEEDED), head, assigned)
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


def _attempt(
    row: dict[str, Any], folder: Path, level: VideoLevel | AudioLevel
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The clip's row and its members for the shard; None if it cannot be decoded."""
    try:
        picture, sound = read_clip(folder, row)
        row = dict(row)
        if isinstance(level, VideoLevel):
            picture, row["width"], row["height"] = degrade_video(picture, level)
            size = len(picture)
        else:
            sound, size = degrade_audio(sound, level, seed=int(row["id"], 16) % 2**32)
    except CorruptClip as error:
        log.warning("left out: %s in %s: %s", row["path"], row["shard"], error)
        return None
    members = {"mp4": picture} | ({"wav": sound} if sound else {})
    facts = {name: row[name] for name in ("id", "key", "label")}
    sample = {"__key__": row["id"], "json": json.dumps(facts, sort_keys=True).encode(), **members}
    return row | checksums(picture, sound) | {"kilobytes": size / 1000}, sample


def _with_places(table: pd.DataFrame, tar: Path) -> pd.DataFrame:
    """Number the clips anew and say where their members lie in the tar."""
    places = places_of(tar)
    table = table.assign(sample=np.arange(len(table)), shard=tar.name)
    for kind, suffix in (("video", "mp4"), ("audio", "wav")):
        found = [places.get(f"{id_}.{suffix}", (0, 0)) for id_ in table["id"]]
        table[f"{kind}_offset"], table[f"{kind}_size"] = zip(*found, strict=True)
    return table
