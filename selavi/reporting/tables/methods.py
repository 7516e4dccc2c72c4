"""The table methods: all runs of a dataset beside each other, by how they make clusters."""

from typing import Any

import numpy as np
import pandas as pd

from selavi.evaluation.scores import SCORES
from selavi.files import read_csv
from selavi.reporting.tables.layout import ResultTable
from selavi.reporting.tables.results import Results
from selavi.reporting.tables.rows import frame

NAMES = {
    "selavi": "SeLaVi", "kmeans": "k-means", "spectral": "spectral", "ward": "Ward",
    "hdbscan": "HDBSCAN", "auto": "auto",
}  # fmt: skip
"""What tables call each method of a run."""
SHOWN = ("nmi", "ami", "ari", "accuracy", "oracle_nmi")


def method_name(results: Results, run: str) -> str:
    """What tables call the method of a run; of `auto`, also the one that it chose."""
    method = results.settings[run].method if run in results.settings else "selavi"
    candidates = results.folder / "cluster-features" / run / "candidates.csv"
    if method == "auto" and candidates.exists():
        chosen = read_csv(candidates, ("method",), ("method",))["method"].iloc[0]
        return f"{NAMES.get(chosen, chosen)} ({NAMES[method]})"
    return NAMES[method]


def methods(results: Results) -> ResultTable:
    """All runs of each dataset and split, and what chance is there."""
    rows: list[dict[str, Any]] = []
    for run in results.runs:
        for source in results.splits("metrics", run):
            own = {"run": run, "dataset": source.dataset, "split": source.part}
            own |= {"method": method_name(results, run), "note": source.note}
            if source.note:
                rows.append(own)
                continue
            metrics = source.rows
            both = metrics[metrics["modality"] == metrics["modality"].iloc[0]].set_index("choice")
            selected = both.loc["agreement"]
            scores = {name: selected[name] for name in SCORES}
            oracle = {"oracle_nmi": both.loc["oracle", "nmi"]}
            chance = {n: selected.get(n, np.nan) for n in ("nmi_chance", "accuracy_chance")}
            rows.append(own | scores | oracle | chance)
    keys = ["run", "dataset", "split", "method"]
    shown = frame(_with_chance(rows), keys, list(SHOWN), results.empty_note)
    return ResultTable(
        "methods",
        "All runs of a dataset by their method, each with the clusters of its selected head, which "
        "takes no classes; the oracle NMI is that of the head that is best by the classes. Chance "
        "is random clusters of the first run's sizes.",
        shown, keys, list(SHOWN), ["dataset", "split"],
    )  # fmt: skip


def _with_chance(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By dataset and split: the rows, and below them what chance is."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["dataset"], row["split"]), []).append(row)
    result = []
    for (dataset, split), of_split in groups.items():
        result += of_split
        known = [row for row in of_split if pd.notna(row.get("nmi_chance"))]
        if known:
            result.append(
                {"dataset": dataset, "split": split, "run": "", "method": "chance", "note": ""}
                | {"nmi": known[0]["nmi_chance"], "accuracy": known[0]["accuracy_chance"]}
                | {"ami": 0.0, "ari": 0.0}
            )
    return result
