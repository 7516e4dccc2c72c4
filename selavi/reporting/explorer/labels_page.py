"""The page of a labelling: its windows with their clusters, and the number of rejected ones."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from selavi.data.schema import cluster_counts
from selavi.evaluation.levels import level_scores
from selavi.files import UserError
from selavi.label.corrections_file import Corrections
from selavi.label.formats.file_names import below, common_folder
from selavi.label.formats.windows import clock, labelled
from selavi.label.heads import Heads
from selavi.label.inputs import key_of
from selavi.label.names_file import clip_ids, read_names
from selavi.reporting.explorer.agreeing import agreements
from selavi.reporting.explorer.build import CLIPS_PER_CLUSTER, MEGABYTES, Page, write_page
from selavi.reporting.explorer.insight import records
from selavi.reporting.explorer.views import views_of


def make_labels_page(
    labels: pd.DataFrame,
    clips: pd.DataFrame,
    output: Path,
    *,
    title: str,
    heads: Heads,
    clips_per_cluster: int = CLIPS_PER_CLUSTER,
    max_megabytes: float = MEGABYTES,
    threads: int = 1,
    facts: Mapping[str, Any] | None = None,
    corrections: Corrections | None = None,
    names: Path | None = None,
) -> None:
    """Write an HTML page to watch and hear the clusters of a labelling.

    Parameters
    ----------
    labels : DataFrame
        With the columns `selavi.data.schema.LABELS`; at least one row has a cluster.
    clips : DataFrame
        What is stored of each labelled window: rows of indexes, whose `path`, `start` and `end` are
        the window's, and `shard` an absolute path. Others may be among them.
    output : Path
        The page, usually index.html.
    title : str
        Its heading.
    heads : Heads
        What every head says of the windows, by the `id` of `clips`; others may be among them.
    clips_per_cluster : int
        See `make_explorer`.
    max_megabytes : float
        See `make_explorer`.
    threads : int
        ffmpeg processes at a time.
    facts : dict, optional
        Further parts of the page's JSON, see `model_facts`.
    corrections : Corrections, optional
        What people changed; the page starts with them.
    names : Path, optional
        names.csv of the labelling: a cluster that corrections leave no window keeps its name.

    Raises
    ------
    UserError
        If a labelled window is not among `clips`, a clip cannot be read, or the disk is full.
    """
    called = read_names(names, int(heads.table["head"].iloc[0])) if names else {}
    called |= {
        int(cluster): name
        for cluster, name in zip(labels["cluster"], labels["name"], strict=True)
        if pd.notna(cluster) and name
    }
    rows = labelled(labels.assign(cluster=labels["model_cluster"]))
    stored = clips.set_axis(clip_ids(clips.drop(columns="id")))
    ids = pd.Index(clip_ids(rows))
    missing = ~ids.isin(stored.index)
    if missing.any():
        path = rows.loc[missing, "path"].iloc[0]
        raise UserError(f"windows of {path} are not stored; label it again with --explorer")
    root = common_folder(rows["path"].tolist())
    table = pd.DataFrame(
        {
            "id": ids, "key": _titles(rows, root), "path": rows["path"].tolist(), "label": "",
            "start": rows["start"].tolist(), "end": rows["end"].tolist(),
            "second": rows["second"].tolist(), "repeats": _repeats(rows),
        }
    )  # fmt: skip
    stored = stored[~stored.index.duplicated()]
    order = pd.Index(heads.table["id"]).get_indexer(stored.loc[ids, "id"])
    by_heads = heads.table.iloc[order].reset_index(drop=True)
    by_heads = by_heads.assign(cluster=rows["cluster"].to_numpy(np.int64), label="")
    counts = cluster_counts(by_heads)
    views, selected = views_of(by_heads, heads.clusters)
    placed = replace(
        heads.clip_map, ids=ids.to_numpy(str), positions=heads.clip_map.positions[order]
    )
    known = dict(facts or {}) | {"agreement": agreements(views, selected)}
    if counts:
        known["levels"] = records(level_scores(by_heads, counts))
    rejected = labels[labels["model_cluster"].isna()]
    write_page(
        Page(
            title,
            table,
            stored,
            views,
            selected,
            clip_map=placed,
            names=called,
            corrections=corrections,
            missing=[
                (str(reason), str(below(path, root)))
                for reason, path in zip(rejected["reason"], rejected["path"], strict=True)
            ],
            facts=known,
        ),
        output,
        clips_per_cluster,
        max_megabytes,
        threads,
    )


def _repeats(rows: pd.DataFrame) -> np.ndarray:
    """The place of the row that each repeats, -1 for none."""
    windows = zip(rows["path"], rows["start"], rows["end"], strict=True)
    places = {key_of(*window): place for place, window in enumerate(windows)}
    return np.array([places.get(first, -1) for first in rows["duplicate_of"]])


def _titles(rows: pd.DataFrame, root: str) -> list[str]:
    """Where each window is: the file below the common folder; the time, if the file has several."""
    several = rows["path"].duplicated(keep=False)
    return [
        f"{below(path, root)} {clock(start)}" if timed else str(below(path, root))
        for path, start, timed in zip(rows["path"], rows["start"], several, strict=True)
    ]
