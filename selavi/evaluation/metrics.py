"""How well clusters match classes. Ground truth is used here and nowhere before."""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.schema import heads_by_modality, read_assignments
from selavi.evaluation.bootstrap import bootstrap_intervals
from selavi.evaluation.scores import SCORES, Scores, contingency_table, scores_of
from selavi.files import UserError, write_csv

log = logging.getLogger(__name__)


def clustering_scores(classes: np.ndarray, clusters: np.ndarray) -> Scores:
    """Compare clusters with classes: two arrays of N labels of any kind.

    Examples
    --------
    >>> import numpy as np
    >>> scores = clustering_scores(np.array(list("aabb")), np.array([1, 1, 0, 0]))
    >>> scores.nmi, scores.accuracy, scores.entropy
    (1.0, 1.0, 0.0)
    """
    if len(classes) != len(clusters) or len(classes) == 0:
        raise ValueError(f"{len(classes)} classes for {len(clusters)} clusters; both need N > 0")
    return scores_of(contingency_table(_numbers(classes), _numbers(clusters)))


def measure(assignments: Path, output: Path, of: dict[str, str] | None = None) -> pd.DataFrame:
    """Score an assignment CSV and write the metrics CSV; see `score_heads` for its rows.

    of : columns that say what clips these are, `dataset` and `split`.

    Where no clip has a class the one row has no scores, and 0 `classes`. Raises UserError if the
    assignments do not say which head was picked.
    """
    table = read_assignments(assignments)
    heads = {m: table[columns].to_numpy() for m, columns in heads_by_modality(table).items()}
    labels = table["label"].to_numpy(dtype=str)
    picked = picked_head(table, assignments)
    return measure_heads(heads, labels, picked, assignments, output, of or {})


def measure_heads(
    heads: dict[str, np.ndarray],
    labels: np.ndarray,
    picked: int,
    source: Path,
    output: Path,
    of: dict[str, str],
) -> pd.DataFrame:
    """Score clusters (N, H) by modality, -1 for none, against N labels, "" for none; write CSV."""
    known = (labels != "") & (next(iter(heads.values())) >= 0).all(1)
    if not known.any():
        log.warning("%s: no clip has a class, so there is nothing to compare with", source)
        columns = ["modality", "choice", "head", "honest", *SCORES]
        result = pd.DataFrame([{"clips": 0, "classes": 0}], columns=[*columns, "clips", "classes"])
    else:
        if not known.all():
            words = "%d of %d clips have class and cluster; others are left out"
            log.info(words, known.sum(), len(labels))
        classes = _numbers(labels[known])
        result = score_heads({m: columns[known] for m, columns in heads.items()}, classes, picked)
    result = result.assign(**of)
    write_csv(output, result)
    return result


def score_heads(heads: dict[str, np.ndarray], classes: np.ndarray, picked: int) -> pd.DataFrame:
    """Scores of every head and of the choices among them.

    Parameters
    ----------
    heads : by modality, clusters (N, H) int64. classes : (N,) int64. picked : head chosen without
        classes.

    Returns
    -------
    Rows, by modality: `head` (one per head), `first` (head 0), `mean` (over heads), `agreement`
    (the head picked without labels, with 95% bootstrap intervals), and `oracle` (the head with the
    best NMI: chosen by looking at the classes, so not an honest figure). `clusters`, `smallest` and
    `largest` tell how many clusters have clips, and the extremes of their sizes.
    """
    rows = []
    for modality, columns in heads.items():
        tables = [contingency_table(classes, column) for column in columns.T]
        scores = [asdict(scores_of(table)) | _sizes(table) for table in tables]
        best = int(np.argmax([s["nmi"] for s in scores]))
        mean = {name: float(np.mean([s[name] for s in scores])) for name in SCORES}
        intervals = {
            f"{name}_{end}": value
            for name, pair in bootstrap_intervals(tables[picked]).items()
            for end, value in zip(("low", "high"), pair, strict=True)
        }
        chosen = [
            ("first", "0", True, scores[0]),
            ("mean", "", True, mean),
            ("agreement", str(picked), True, scores[picked] | intervals),
            ("oracle", str(best), False, scores[best]),
            *(("head", str(h), True, s) for h, s in enumerate(scores)),
        ]
        rows += [
            {"modality": modality, "choice": choice, "head": head, "honest": honest} | values
            for choice, head, honest, values in chosen
        ]
        if modality == next(iter(heads)):
            _say_rectangular(tables[picked])
    sizes = dict.fromkeys(("clusters", "smallest", "largest"), "Int64")
    found = pd.DataFrame(rows).astype(sizes)
    return found.assign(clips=len(classes), classes=len(np.unique(classes)))


def _sizes(table: np.ndarray) -> dict[str, int]:
    counts = table.sum(1)
    return {"clusters": len(counts), "smallest": int(counts.min()), "largest": int(counts.max())}


def _say_rectangular(table: np.ndarray) -> None:
    clusters, classes = table.shape
    if clusters != classes:
        log.info(
            "%d clusters with clips for %d classes: the matching leaves %d %s out, whose clips "
            "count as wrong in the accuracy",
            clusters,
            classes,
            abs(clusters - classes),
            "clusters" if clusters > classes else "classes",
        )


def _numbers(values: np.ndarray) -> np.ndarray:
    """Labels of any kind as numbers from 0 on, in the order of their names."""
    codes, _ = pd.factorize(values, sort=True)
    return codes.astype(np.int64)


def picked_head(table: pd.DataFrame, source: Path) -> int:
    """Number of the head whose clusters stand in the column `cluster` of an assignment table.

    Raises UserError if the table, read from `source`, does not say, or has no such head.
    """
    heads = len(next(iter(heads_by_modality(table).values()), []))
    said = table["head"].unique().tolist() if "head" in table else []
    if len(said) != 1 or said[0] not in range(heads):
        raise UserError(
            f"{source}: the column `head` has to name one of the {heads} heads in every row; make "
            "the file again with the assign stage"
        )
    return int(said[0])
