"""The stage correct: the clusters of a split after people's corrections, and what they score."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.schema import VIDEO, number_of_clusters, read_assignments
from selavi.evaluation.metrics import clustering_scores
from selavi.evaluation.scores import SCORES
from selavi.files import UserError, write_csv
from selavi.label.corrections import (
    MODEL,
    PERSON,
    Corrected,
    apply_corrections,
    fit_corrections,
    ids_apart,
    names_of,
)  # fmt: skip
from selavi.label.names_file import read_names

log = logging.getLogger(__name__)

OF_MODEL = ("confidence", "margin", "second", "head")


def correct(
    assignments: Sequence[Path],
    corrections: Path,
    output: Path,
    *,
    split: int = 0,
    scores: Path | None = None,
    clusters: int | None = None,
    names: Path | None = None,
) -> pd.DataFrame:
    """Apply corrections to the assignments of a split; these stay as the model has made them.

    Parameters
    ----------
    assignments : sequence of Path
        CSVs of the stage assign: of the splits that the page showed, in its order, then of others.
        Clusters of another training are matched by the clips of all of them.
    corrections : Path
        corrections.json.
    output : Path
        CSV to write.
    split : int
        Position of the split to write.
    scores : Path, optional
        CSV to write with the scores of the model's clusters and of the corrected ones.
    clusters : int, optional
        K, see `number_of_clusters`.
    names : Path, optional
        Names of the model's clusters.

    Returns
    -------
    DataFrame
        What `output` has: a row per clip.

    Raises
    ------
    UserError
        If a file is missing or invalid, or the corrections are of other clusters.
    """
    used: set[str] = set()
    tables = [_read(path, used, place) for place, path in enumerate(assignments)]
    ids = [id_ for table in tables for id_ in table["apart"]]
    assigned = np.concatenate([table["cluster"].to_numpy(np.int64) for table in tables])
    table = tables[split]
    head = int(table["head"].iloc[0]) if "head" in table else None
    count = max(number_of_clusters(each, clusters) for each in tables)
    fitted = fit_corrections(corrections, ids, assigned, count)
    called = (read_names(names, head) if names else {}) | names_of(fitted)
    corrected = apply_corrections(fitted, table["apart"], table["cluster"].to_numpy())
    result = table[["sample", *VIDEO]].assign(
        cluster=corrected.cluster,
        name=[called.get(cluster, "") for cluster in corrected.cluster.tolist()],
        by=corrected.by,
        tags=corrected.tags,
        model_cluster=table["cluster"],
    )
    result = result.join(table[[name for name in OF_MODEL if name in table]])
    write_csv(output, result)
    log.info(
        "%s: %d of %d clips have another cluster or none by a person",
        output, int((corrected.cluster != table["cluster"]).sum()), len(table),
    )  # fmt: skip
    if scores:
        write_csv(scores, scores_of_both(table["label"].to_numpy(str), table["cluster"], corrected))
    return result


def _read(path: Path, used: set[str], place: int) -> pd.DataFrame:
    needed = ("sample", *VIDEO, "cluster")
    table = read_assignments(path, needed=needed)
    if table.empty:
        raise UserError(f"{path} has no clips; make it again")
    return table.assign(apart=ids_apart(table["id"], used, place))


def scores_of_both(
    classes: np.ndarray, model: "pd.Series[int]", corrected: Corrected
) -> pd.DataFrame:
    """Score the model's clusters and the corrected ones, each apart, on the same clips.

    Parameters
    ----------
    classes : numpy.ndarray
        (N,) names of classes, "" for none.
    model : Series of int
        (N,) the model's clusters, -1 for none.
    corrected : Corrected
        The same clips after corrections. Clips that a person took out of all clusters count as one
        further cluster, so that taking clips out does not improve a score by itself.

    Returns
    -------
    DataFrame
        Two rows, `by` "model" and "person". `honest` is false for the latter: people may look at
        the classes. `changed` is the number of scored clips whose cluster is another. No scores if
        no clip has a class.
    """
    known = (classes != "") & (model.to_numpy() >= 0)
    rows = []
    for by, clusters in ((MODEL, model.to_numpy()), (PERSON, corrected.cluster)):
        scores = (
            asdict(clustering_scores(classes[known], clusters[known]))
            if known.any()
            else dict.fromkeys(SCORES)
        )
        changed = int((clusters != model.to_numpy())[known].sum())
        rows.append({"by": by, "honest": by == MODEL, "changed": changed} | scores)
    return pd.DataFrame(rows).assign(clips=int(known.sum()), classes=len(np.unique(classes[known])))
