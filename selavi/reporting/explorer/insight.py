"""What other stages say of a run, for the page: scores, baselines, training, sizes, levels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from selavi.files import read_csv
from selavi.label.corrections import PERSON

CHOICES = ("agreement", "oracle", "head")
"""Rows of scores that the page shows: the selected head, the best by the classes, and each."""
SCORES = (
    "nmi", "nmi_low", "nmi_high", "nmi_chance", "ami", "ari", "accuracy", "accuracy_low",
    "accuracy_high", "accuracy_chance", "purity", "clips", "classes", "split",
)  # fmt: skip
TEXTS = ("modality", "choice", "head", "method", "note", "preparation", "dataset", "split")


@dataclass(frozen=True)
class Insight:
    """Files of other stages, each of which may be absent.

    Attributes
    ----------
    metrics : sequence of Path
        Scores of the clusters; `results/metrics/{run}/{split}.csv` of each split.
    baselines : sequence of Path
        Scores of other methods; `results/baselines/{run}/{split}.csv` of each split.
    training_log : Path, optional
        Training by epoch; `results/pretrain/{run}/log.csv`.
    distributions : Path, optional
        Prescribed and actual sizes; `results/distributions/{run}.csv`.
    levels : Path, optional
        Scores by number of clusters; `results/tree/{run}-levels.csv`.
    corrected : sequence of Path
        Scores after people's corrections; `results/correct/{run}/scores/{split}.csv` of each split.
    """

    metrics: Sequence[Path] = ()
    baselines: Sequence[Path] = ()
    training_log: Path | None = None
    distributions: Path | None = None
    levels: Path | None = None
    corrected: Sequence[Path] = ()

    def facts(self) -> dict[str, Any]:
        """The parts of the page's JSON that these files give, by name.

        Raises
        ------
        UserError
            If a file is missing or invalid.
        """
        facts: dict[str, Any] = {
            "scores": [row for path in self.metrics for row in _scores(path)],
            "baselines": [row for path in self.baselines for row in _baselines(path)],
            "curves": _curves(self.training_log) if self.training_log else None,
            "prescribed": _prescribed(self.distributions) if self.distributions else None,
            "levels": _levels(self.levels) if self.levels else None,
            "corrected": [row for path in self.corrected for row in _corrected(path)],
        }
        return {name: part for name, part in facts.items() if part}


def model_facts(facts: Mapping[str, object], log: Path | None = None) -> dict[str, Any]:
    """What a page of a labelling says of its model.

    Parameters
    ----------
    facts : dict
        Of the model file, which may be another's.
    log : Path, optional
        log.csv of its training, which may be missing.

    Returns
    -------
    dict
        `model`, with the number of `clips` it was trained on and the `agreement` of its selected
        head with the others, as far as these are known; and `curves`.

    Raises
    ------
    UserError
        If the log is damaged.
    """
    model: dict[str, float] = {}
    clips, head, agreement = (facts.get(name) for name in ("clips", "head", "agreement"))
    if isinstance(clips, int):
        model["clips"] = clips
    if isinstance(agreement, list) and isinstance(head, int) and 0 <= head < len(agreement):
        value = agreement[head]
        if len(agreement) > 1 and isinstance(value, float) and 0 <= value <= 1:
            model["agreement"] = round(value, 4)
    curves = Insight(training_log=log).facts() if log and log.exists() else {}
    return ({"model": model} if model else {}) | curves


def prescribed_sizes(facts: Mapping[str, object], counts: Sequence[int]) -> dict[str, Any]:
    """Of each head, the number of clips that the marginals prescribe for each rank.

    Parameters
    ----------
    facts : dict
        Of the model file.
    counts : sequence of int
        (H,) number of clusters of each head.

    Returns
    -------
    dict
        `prescribed`: by head, the sizes among the clips of the training, the largest first; nothing
        if the file does not say.
    """
    clips, sizes = facts.get("clips"), facts.get("sizes")
    if not isinstance(clips, int) or not isinstance(sizes, list) or len(sizes) != len(counts):
        return {}
    return {
        "prescribed": {
            str(head): [share * clips for share in reversed(shares[:count])]
            for head, (shares, count) in enumerate(zip(sizes, counts, strict=True))
        }
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows without the values that are missing."""
    return [
        {str(name): value for name, value in row.items() if value == value and value != ""}
        for row in table.to_dict("records")
    ]


def _scores(path: Path) -> list[dict[str, Any]]:
    """Scores of heads by modality; none if no clip has a class."""
    table = read_csv(path, TEXTS, needed=("modality", "choice", "nmi"))
    shown = table[table["choice"].isin(CHOICES) & table["nmi"].notna()]
    columns = [name for name in ("modality", "choice", "head", *SCORES) if name in shown]
    return records(shown[columns])


def _baselines(path: Path) -> list[dict[str, Any]]:
    """The rows of a baseline that is chosen without classes, is the only one, or is the best."""
    table = read_csv(path, TEXTS, needed=("method", "modality"))
    if "nmi" not in table:  # no method could be tried: the notes say why
        return []
    choice = table.get("choice", pd.Series("", index=table.index))
    alone = ~table.duplicated(["method", "modality"], keep=False)
    shown = table[(choice != "") | alone]
    columns = ["method", "modality", "choice", "preparation", "note", *SCORES]
    return records(shown[[name for name in columns if name in shown]])


def _corrected(path: Path) -> list[dict[str, Any]]:
    """The scores of the clusters after corrections; none if no clip has a class."""
    table = read_csv(path, ("by",), needed=("by", "changed", "nmi"))
    shown = table[(table["by"] == PERSON) & table["nmi"].notna()].assign(split=path.stem)
    return records(shown[["split", "changed", *(name for name in SCORES if name in table)]])


def _curves(path: Path) -> dict[str, list[float | None]]:
    """Loss, share of labels that change at an update, and share of the largest cluster."""
    table = read_csv(path, needed=("epoch", "loss"))
    if {"relabellings", "labels_changed"} <= {*table}:  # 0 in an epoch without an update
        table["labels_changed"] = table["labels_changed"].where(table["relabellings"] > 0)
    shown = [
        name for name in ("epoch", "loss", "labels_changed", "largest_cluster") if name in table
    ]
    return {
        name: [value if math.isfinite(value) else None for value in table[name].tolist()]
        for name in shown
    }


def _prescribed(path: Path) -> dict[str, list[float]]:
    """Of each head, the number of clips that the marginals prescribe for each cluster."""
    table = read_csv(path, ("name",), needed=("head", "cluster", "prescribed"))
    return {
        str(head): rows.sort_values("cluster")["prescribed"].tolist()
        for head, rows in table.groupby("head")
    }


def _levels(path: Path) -> list[dict[str, Any]]:
    """Scores by number of clusters, the smallest first."""
    table = read_csv(path, needed=("clusters", "head", "agreement", "selected"))
    return records(table.sort_values("clusters"))
