"""Tables of transfer to labelled actions: retrieval and finetuning."""

from pathlib import Path
from typing import Any

import pandas as pd

from selavi.files import read_csv
from selavi.reporting.tables.layout import ResultTable
from selavi.reporting.tables.published import NOT_RUN, beside_published
from selavi.reporting.tables.rows import frame, records
from selavi.reporting.tables.sources import Results

FOLDS = 3  # of UCF-101 and HMDB-51, whose mean is published
TOP = ["clip_top1", "clip_top5", "video_top1", "video_top5"]


def retrieval(results: Results) -> ResultTable:
    """Recall at k: whether one of the k nearest training videos has the test video's class."""
    settings = results.stage("retrieval")
    measures = [f"recall_at_{k}" for k in settings.get("recall_at", [1, 5, 10, 20, 50])]
    rows: list[dict[str, Any]] = []
    for row, path in _folds(results, settings, "retrieval"):
        if path.exists():
            rows += records(read_csv(path, ("modality", "note")).assign(**row))
        else:
            rows.append(row | {"modality": "", "note": f"{NOT_RUN}: no {path}"})
    keys = ["run", "dataset", "part", "method", "modality"]
    return ResultTable(
        "retrieval",
        "Test videos look for training videos of their class: share that finds one among the k "
        "nearest. Across modalities, clusters' probabilities are compared. Where the paper's "
        "figures are quoted, it is not said on what its model was pretrained: none is compared.",
        beside_published(
            _only_video(frame(rows, keys, measures)), "retrieval", results.references
        ),
        keys, measures, ["run", "dataset"],
    )  # fmt: skip


def finetune(results: Results) -> ResultTable:
    """Accuracy per fold and its mean, of the last epoch (honest) and of the best (oracle)."""
    settings = results.stage("finetune")
    parts: list[pd.DataFrame] = []
    missing: list[dict[str, Any]] = []
    for row, path in _folds(results, settings, "finetune"):
        row["method"] = "linear probe" if settings.get("linear_probe") else "SeLaVi"
        if not path.exists():
            missing.append(row | {"figure": "honest", "note": f"{NOT_RUN}: no {path}"})
            continue
        log = read_csv(path, ("note",))
        best = log.iloc[int(log["video_top1"].to_numpy().argmax())]
        for figure, epoch in (("honest", log.iloc[-1]), ("oracle", best)):
            found = {name: float(epoch[name]) for name in (*TOP, "epoch")}
            note = str(epoch["note"])
            parts.append(pd.DataFrame([row | {"figure": figure, "note": note} | found]))
    rows = records(pd.concat(parts, ignore_index=True)) if parts else []
    keys = ["run", "dataset", "part", "method", "figure"]
    return ResultTable(
        "finetune",
        "Action recognition after training on with a classifier; folds and their mean. The honest "
        "figure is the last epoch's; `oracle` is the epoch that is best on the test videos, as the "
        "paper's release reports it.",
        beside_published(
            frame(_with_means(rows) + missing, keys, TOP), "finetune", results.references
        ),
        keys, TOP, ["run", "dataset"],
    )  # fmt: skip


def _folds(
    results: Results, settings: dict[str, Any], stage: str
) -> list[tuple[dict[str, Any], Path]]:
    """Every run, dataset and fold that is configured, and where its figures lie."""
    return [
        (
            {"run": run, "dataset": dataset, "part": str(fold), "method": "SeLaVi"},
            results.folder / stage / run / dataset / f"{fold}.csv",
        )
        for run in settings["runs"]
        for dataset, folds in settings.get("datasets", {}).items()
        for fold in folds
    ]


def _with_means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the mean over the folds that were run, and say how many those are."""
    if not rows:
        return rows
    result = []
    for (run, dataset, method, figure), group in pd.DataFrame(rows).groupby(
        ["run", "dataset", "method", "figure"], sort=False
    ):
        result += records(group)
        if len(group) > 1:
            mean = {name: float(group[name].mean()) for name in TOP}
            part = "mean" if len(group) == FOLDS else f"mean of {len(group)}"
            keys = {"run": run, "dataset": dataset, "part": part, "method": method}
            note = f"mean of {len(group)} folds"
            result.append(keys | {"figure": figure, "note": note} | mean)
    return result


def _only_video(table: pd.DataFrame) -> pd.DataFrame:
    """Across modalities nothing is published: such rows get a method of their own."""
    across = ~table["modality"].isin(["video", ""])
    return table.assign(method=table["method"].where(~across, "SeLaVi, " + table["modality"]))
