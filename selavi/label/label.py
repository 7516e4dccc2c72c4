"""Label files with a trained network: all of it, from paths to the tables."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.files import read_csv, write_csv, write_text
from selavi.label.corrections import apply_corrections, fit_corrections, names_of
from selavi.label.corrections_file import Corrections, dump, read_corrections
from selavi.label.duplicates import SAME_PICTURE, first_of_each, near_duplicates
from selavi.label.feature_rows import FeatureRows
from selavi.label.heads import Heads, every_head
from selavi.label.inputs import key_of
from selavi.label.loaded import Loaded
from selavi.label.names import settle_names
from selavi.label.names_file import clip_ids, read_names_file
from selavi.label.options import Options
from selavi.label.plan import plan_labels
from selavi.label.table import clusters_of, labels_of, outcomes_of
from selavi.label.windows import PLAN
from selavi.label.work import Work
from selavi.label.work_folder import removed_if_empty, sole_use

DEFAULT = Options()
USED = "corrections.json"
REMOVED = "not-this"
"""Reason of a window that a person took out of its cluster."""


def label(
    paths: Sequence[Path], loaded: Loaded, output: Path, options: Options = DEFAULT
) -> pd.DataFrame:
    """Label files, and write windows.csv, labels.csv, clusters.csv and names.csv.

    Killed at any moment, the same call resumes; what was labelled before is not decoded again.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and tables, see `find_inputs`.
    loaded : Loaded
        The network.
    output : Path
        The folder to write.
    options : Options
        How files are cut, and how the work is done.

    Returns
    -------
    DataFrame
        Columns `selavi.data.schema.LABELS`: a row per window and per rejected file. None may have
        a cluster.

    Raises
    ------
    UserError
        If there are no files, or the machine is at fault.
    """
    folder = output / "work"
    with removed_if_empty(output), sole_use(folder) as scratch:
        names = output / "names.csv"
        if names.exists():
            read_names_file(names)  # or an error, before the work
        plan = plan_labels(paths, options, folder)
        write_csv(output / "windows.csv", plan)
        labels = label_windows(plan, loaded, _work(folder, loaded, options), scratch, options)
        clusters = loaded.clusters
        fitted = _fitted(labels, clusters, options)
        own = names_of(fitted) if fitted else {}
        named = settle_names(names, labels, loaded.head, clusters, loaded.names, loaded.digest, own)
        if fitted:
            labels = _corrected(labels, fitted)
            write_text(folder / USED, json.dumps(dump(fitted)))
        labels["name"] = [named.get(cluster, "") for cluster in labels["cluster"].fillna(-1)]
        write_csv(output / "labels.csv", labels)
        write_csv(output / "clusters.csv", clusters_of(labels))
    return labels


def label_windows(
    plan: pd.DataFrame, loaded: Loaded, work: Work, scratch: Path, options: Options
) -> pd.DataFrame:
    """Label the windows of a plan.

    Parameters
    ----------
    plan : DataFrame
        Columns `selavi.label.windows.PLAN`.
    loaded : Loaded
        The network.
    work : Work
        Shards, and what is needed to resume.
    scratch : Path
        An empty folder.
    options : Options
        How the work is done.

    Returns
    -------
    DataFrame
        Columns `selavi.data.schema.LABELS`, a row per row of the plan.
    """
    rows = FeatureRows(scratch, plan.loc[plan["reason"] == "", "id"], loaded)
    outcomes = []
    for part in work.parts(plan, loaded, options.threads):
        rows.add(part.predicted)
        outcomes.append(outcomes_of(part, loaded))
    contents = {str(key): text for each in outcomes for key, text in each["content"].items()}
    labels = labels_of(plan, outcomes)
    has_cluster = labels["reason"] == ""
    labelled = labels.assign(id=plan["id"])[has_cluster]
    labels.loc[has_cluster, "duplicate_of"] = _repeated(labelled, contents, rows, loaded)
    return labels


def used_corrections(output: Path, options: Options) -> Corrections | None:
    """The corrections that `label` has applied, by the numbers of its clusters.

    Parameters
    ----------
    output : Path
        The folder that `label` wrote.
    options : Options
        The same as `label` got.

    Returns
    -------
    Corrections or None
        None if there are none.
    """
    return read_corrections(output / "work" / USED) if options.corrections else None


def _fitted(labels: pd.DataFrame, clusters: int, options: Options) -> Corrections | None:
    if options.corrections is None:
        return None
    rows = labels[labels["model_cluster"].notna()]
    assigned = rows["model_cluster"].to_numpy(np.int64)
    return fit_corrections(options.corrections, clip_ids(rows), assigned, clusters)


def _corrected(labels: pd.DataFrame, corrections: Corrections) -> pd.DataFrame:
    """Labels with the clusters that people decided on."""
    has_cluster = labels["model_cluster"].notna()
    rows = labels[has_cluster]
    assigned = rows["model_cluster"].to_numpy(np.int64)
    corrected = apply_corrections(corrections, clip_ids(rows), assigned)
    removed = corrected.cluster < 0
    labels = labels.copy()
    clusters = pd.array(corrected.cluster, dtype="Int64")
    clusters[removed] = pd.NA
    labels.loc[has_cluster, "cluster"] = clusters
    labels.loc[has_cluster, "by"] = corrected.by
    labels.loc[has_cluster, "tags"] = corrected.tags
    labels.loc[rows.index[removed], "reason"] = REMOVED
    labels.loc[rows.index[removed], "detail"] = [
        f"a person says that it is not of cluster {cluster}" for cluster in assigned[removed]
    ]
    return labels


def stored_clips(output: Path, loaded: Loaded, options: Options) -> pd.DataFrame:
    """What is stored of the windows that `label` has labelled with the same arguments.

    Returns
    -------
    DataFrame
        See `Work.clips`.
    """
    return _work(output / "work", loaded, options).clips(_planned(output))


def heads_of(output: Path, loaded: Loaded, options: Options) -> Heads:
    """What every head says of the windows that `label` has labelled with the same arguments.

    Returns
    -------
    Heads
        Of these windows, of which there is at least one.
    """
    work = _work(output / "work", loaded, options)
    wanted = _planned(output)["id"]
    return every_head(work.predictions(loaded), loaded, wanted, work.positions(loaded))


def _planned(output: Path) -> pd.DataFrame:
    return read_csv(output / "windows.csv", numbers=("start", "end"), needed=PLAN)


def _work(folder: Path, loaded: Loaded, options: Options) -> Work:
    seconds = max(loaded.stored_seconds, options.stored_seconds or 0.0)
    return Work(folder, loaded.media, seconds)


def _repeated(
    labelled: pd.DataFrame, contents: dict[str, str], rows: FeatureRows, loaded: Loaded
) -> list[str]:
    """The window that each labelled window repeats, "" for none.

    The same bytes repeat in any cluster; nearly the same features and thumbnails are looked for
    within a cluster.
    """
    firsts = np.array(first_of_each(labelled["id"].map(contents)))
    alone = firsts == np.arange(len(labelled))
    places = rows.places(labelled["id"])
    for (_, modalities), group in labelled[alone].groupby(["cluster", "modalities"]):
        own = np.flatnonzero(labelled.index.isin(group.index))
        judged = rows.features(str(modalities))
        if "video" in str(modalities) and "video" in loaded.settings.decoded:
            judged = {"thumbnails": rows.thumbnails, **judged}
        near = near_duplicates(judged, places[own], {"thumbnails": SAME_PICTURE})
        back = dict(zip(places[own].tolist(), own.tolist(), strict=True))
        for row, first in near.items():
            firsts[back[row]] = back[first]
    firsts = firsts[firsts]  # of one whose first repeats another, that one
    windows = zip(labelled["path"], labelled["start"], labelled["end"], strict=True)
    names = [key_of(*window) for window in windows]
    return ["" if first == place else names[first] for place, first in enumerate(firsts.tolist())]
