"""How well clusters match classes. Ground truth is used here and nowhere before."""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)
from sklearn.metrics.cluster import contingency_matrix

from selavi.files import UserError, read_csv, write_csv

log = logging.getLogger(__name__)

TEXT_COLUMNS = ("id", "key", "path", "label", "detail")


@dataclass(frozen=True)
class Scores:
    """Agreement of a clustering with classes; higher is better but for entropy.

    nmi : normalised mutual information, arithmetic mean, in [0, 1].
    ami : adjusted mutual information. ari : adjusted Rand index. Both 0 for chance, 1 at best.
    accuracy : share of clips right under the best one-to-one matching of clusters to classes
        (Hungarian); with more clusters than classes, the clusters left over count as wrong.
    entropy : of the classes in a cluster, in nats, mean over clusters that have clips.
    purity : share of the commonest class in a cluster, mean over clusters that have clips.
    """

    nmi: float
    ami: float
    ari: float
    accuracy: float
    entropy: float
    purity: float


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
    table = contingency_matrix(classes, clusters).T.astype(np.float64)  # (clusters, classes)
    rows, columns = linear_sum_assignment(table, maximize=True)
    share = table / table.sum(1, keepdims=True)
    surprise = -np.log(np.where(share > 0, share, 1.0))
    return Scores(
        nmi=float(normalized_mutual_info_score(classes, clusters)),
        ami=float(adjusted_mutual_info_score(classes, clusters)),
        ari=float(adjusted_rand_score(classes, clusters)),
        accuracy=float(table[rows, columns].sum() / table.sum()),
        entropy=float((share * surprise).sum(1).mean()),
        purity=float(share.max(1).mean()),
    )


def measure(assignments: Path, output: Path) -> pd.DataFrame:
    """Score an assignment CSV and write the metrics CSV.

    Rows, for video+audio, video alone and audio alone: `head` (one per head), `first` (head 0),
    `mean` (over heads), `agreement` (the head picked without labels), and `oracle` (the head with
    the best NMI: chosen by looking at the classes, so not an honest figure).

    Raises UserError if no clip has a class.
    """
    table = read_csv(assignments, TEXT_COLUMNS)
    known = table[(table["label"] != "") & (table["cluster"] >= 0)]
    if known.empty:
        raise UserError(f"{assignments}: no clip has a class, so there is nothing to compare with")
    if len(known) < len(table):
        log.info(
            "%d of %d clips have class and cluster; others are left out", len(known), len(table)
        )
    picked = _picked_head(table)
    rows = []
    classes = known["label"].to_numpy(dtype=str)
    for modality, columns in heads_by_modality(table).items():
        scores = [asdict(clustering_scores(classes, known[c].to_numpy())) for c in columns]
        best = int(np.argmax([s["nmi"] for s in scores]))
        mean = {name: float(np.mean([s[name] for s in scores])) for name in scores[0]}
        summary = [
            ("first", 0, True, scores[0]),
            ("mean", "", True, mean),
            ("agreement", picked, True, scores[picked]),
            ("oracle", best, False, scores[best]),
        ]
        each = [("head", h, True, s) for h, s in enumerate(scores)]
        for choice, head, honest, values in [*summary, *each]:
            rows.append(
                {"modality": modality, "choice": choice, "head": str(head), "honest": honest}
                | values
            )
    result = pd.DataFrame(rows).assign(clips=len(known), classes=len(np.unique(classes)))
    write_csv(output, result)
    return result


def heads_by_modality(table: pd.DataFrame) -> dict[str, list[str]]:
    """Columns of an assignment table that hold clusters: modality -> one column per head."""
    found: dict[str, list[str]] = {}
    for column in table.columns:
        modality, mark, head = column.rpartition("_head")
        if mark and head.isdigit():
            found.setdefault(modality, []).append(column)
    return found


def _picked_head(table: pd.DataFrame) -> int:
    columns = next(iter(heads_by_modality(table).values()))
    return next(h for h, c in enumerate(columns) if (table[c] == table["cluster"]).all())
