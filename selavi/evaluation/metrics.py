"""The stage metrics: scores of all heads against the classes, which nothing before it uses."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.schema import cluster_counts, heads_by_modality, read_assignments
from selavi.evaluation.bootstrap import bootstrap_intervals
from selavi.evaluation.chance import chance_scores
from selavi.evaluation.scores import SCORES, Scores, contingency_table, scores_of
from selavi.files import UserError, write_csv

log = logging.getLogger(__name__)


def clustering_scores(classes: np.ndarray, clusters: np.ndarray) -> Scores:
    """Score clusters against classes.

    Parameters
    ----------
    classes, clusters : numpy.ndarray
        (N,) labels of any type.

    Returns
    -------
    Scores
        All scores.

    Raises
    ------
    ValueError
        If the lengths differ or are 0.

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
    """Score an assignment CSV and write the metrics CSV.

    Parameters
    ----------
    assignments : Path
        CSV of the stage assign.
    output : Path
        CSV to write.
    of : dict of str to str, optional
        Further columns, such as `dataset` and `split`.

    Returns
    -------
    pandas.DataFrame
        See `score_heads`. If no clip has a class: one row without scores, and 0 `classes`.

    Raises
    ------
    UserError
        If the assignments do not name the selected head.
    """
    table = read_assignments(assignments)
    heads = {m: table[columns].to_numpy() for m, columns in heads_by_modality(table).items()}
    labels = table["label"].to_numpy(dtype=str)
    selected = selected_head(table, assignments)
    counts = cluster_counts(table)
    return measure_heads(heads, labels, selected, assignments, output, of or {}, counts)


def measure_heads(
    heads: dict[str, np.ndarray],
    labels: np.ndarray,
    selected: int,
    source: Path,
    output: Path,
    of: dict[str, str],
    counts: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Score the heads of all modalities and write the metrics CSV.

    Parameters
    ----------
    heads : dict of str to numpy.ndarray
        By modality: clusters (N, H) int64, -1 for none.
    labels : numpy.ndarray
        (N,) names of classes, "" for none.
    selected : int
        The selected head.
    source : Path
        File of the clusters, for log messages.
    output : Path
        CSV to write.
    of : dict of str to str
        Further columns.
    counts : sequence of int, optional
        (H,) number of clusters of each head; without it, all have the same.

    Returns
    -------
    pandas.DataFrame
        See `measure`.
    """
    known = (labels != "") & (next(iter(heads.values())) >= 0).all(1)
    if not known.any():
        log.warning("%s: no clip has a class, so there are no scores", source)
        columns = ["modality", "choice", "head", "honest", *SCORES]
        result = pd.DataFrame([{"clips": 0, "classes": 0}], columns=[*columns, "clips", "classes"])
    else:
        if not known.all():
            log.info("%d of %d clips have a class and a cluster", known.sum(), len(labels))
        classes = _numbers(labels[known])
        usable = {m: columns[known] for m, columns in heads.items()}
        result = score_heads(usable, classes, selected, counts)
    result = result.assign(**of)
    write_csv(output, result)
    return result


def score_heads(
    heads: dict[str, np.ndarray],
    classes: np.ndarray,
    selected: int,
    counts: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Score every head, and the choices among them.

    Parameters
    ----------
    heads : dict of str to numpy.ndarray
        By modality: clusters (N, H) int64, not negative.
    classes : numpy.ndarray
        (N,) int64.
    selected : int
        The head selected without classes.
    counts : sequence of int, optional
        (H,) number of clusters of each head; without it, all have the same.

    Returns
    -------
    pandas.DataFrame
        Rows, by modality and `choice`: `head` (one per head), `first` and `mean` (the first and the
        mean of the heads with the selected one's number of clusters), `agreement` (the selected
        head, with 95% bootstrap intervals and the scores of chance), and `oracle` (the head with
        the best NMI: selected by the classes, so `honest` is false). Columns `clusters`, `smallest`
        and `largest`: the number of non-empty clusters, and the extremes of their sizes.
    """
    rows = []
    alike = [h for h in range(next(iter(heads.values())).shape[1]) if _same(counts, h, selected)]
    for modality, columns in heads.items():
        tables = [contingency_table(classes, column) for column in columns.T]
        scores = [asdict(scores_of(table)) | _sizes(table) for table in tables]
        best = int(np.argmax([s["nmi"] for s in scores]))
        mean = {name: float(np.mean([scores[h][name] for h in alike])) for name in SCORES}
        intervals = {
            f"{name}_{end}": value
            for name, pair in bootstrap_intervals(tables[selected]).items()
            for end, value in zip(("low", "high"), pair, strict=True)
        }
        corrected = chance_scores(tables[selected])
        choices = [
            ("first", str(alike[0]), True, scores[alike[0]]),
            ("mean", "", True, mean),
            ("agreement", str(selected), True, scores[selected] | intervals | corrected),
            ("oracle", str(best), False, scores[best]),
            *(("head", str(h), True, s) for h, s in enumerate(scores)),
        ]
        rows += [
            {"modality": modality, "choice": choice, "head": head, "honest": honest} | values
            for choice, head, honest, values in choices
        ]
        if modality == next(iter(heads)):
            _log_chance(scores[selected] | corrected, len(classes), len(np.unique(classes)))
            _log_unequal_numbers(tables[selected])
    sizes = dict.fromkeys(("clusters", "smallest", "largest"), "Int64")
    result = pd.DataFrame(rows).astype(sizes)
    return result.assign(clips=len(classes), classes=len(np.unique(classes)))


def _same(counts: Sequence[int] | None, head: int, other: int) -> bool:
    """Whether two heads have as many clusters."""
    return counts is None or counts[head] == counts[other]


def _sizes(table: np.ndarray) -> dict[str, int]:
    counts = table.sum(1)
    return {"clusters": len(counts), "smallest": int(counts.min()), "largest": int(counts.max())}


def _log_chance(scores: dict[str, float], clips: int, classes: int) -> None:
    log.info(
        "selected head: NMI %.3f (chance %.3f, AMI %.3f), accuracy %.3f (chance %.3f, adjusted "
        "%.3f), ARI %.3f; chance for %d clips, %d clusters and %d classes of these sizes",
        *(scores[n] for n in ("nmi", "nmi_chance", "ami", "accuracy", "accuracy_chance")),
        *(scores[n] for n in ("accuracy_adjusted", "ari")),
        clips,
        scores["clusters"],
        classes,
    )


def _log_unequal_numbers(table: np.ndarray) -> None:
    clusters, classes = table.shape
    if clusters != classes:
        log.info(
            "%d non-empty clusters for %d classes: %d %s stay unmatched, and their clips count as "
            "wrong in the accuracy",
            clusters,
            classes,
            abs(clusters - classes),
            "clusters" if clusters > classes else "classes",
        )


def _numbers(values: np.ndarray) -> np.ndarray:
    """Labels of any type as integers from 0, in sorted order."""
    codes, _ = pd.factorize(values, sort=True)
    return codes.astype(np.int64)


def selected_head(table: pd.DataFrame, source: Path) -> int:
    """The selected head: the one whose clusters are in the column `cluster`.

    Parameters
    ----------
    table : pandas.DataFrame
        Assignments.
    source : Path
        Their file, for the error.

    Returns
    -------
    int
        Its number.

    Raises
    ------
    UserError
        If the column `head` is missing, not constant, or names no head of the table.
    """
    heads = len(next(iter(heads_by_modality(table).values()), []))
    numbers = table["head"].unique().tolist() if "head" in table else []
    if len(numbers) != 1 or numbers[0] not in range(heads):
        raise UserError(
            f"{source}: the column `head` must name the same one of the {heads} heads in every "
            "row; run the stage assign again"
        )
    return int(numbers[0])
