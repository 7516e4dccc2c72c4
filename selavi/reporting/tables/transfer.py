"""Tables of transfer to action recognition: retrieval and fine-tuning."""

from typing import Any

import pandas as pd

from selavi.reporting.tables.layout import ResultTable
from selavi.reporting.tables.published import beside_published
from selavi.reporting.tables.results import Results
from selavi.reporting.tables.rows import frame, records
from selavi.reporting.tables.sources import Source

FOLDS = 3  # of UCF-101 and HMDB-51, whose mean is published
TOP = ["clip_top1", "clip_top5", "video_top1", "video_top5"]


def retrieval(results: Results) -> ResultTable:
    """Recall at k: whether one of the k nearest training videos has the test video's class."""
    measures = [f"recall_at_{k}" for k in results.recall_at]
    rows: list[dict[str, Any]] = []
    for source in results.folds("retrieval"):
        row = _row(source) | {"method": "SeLaVi"}
        noted = row | {"modality": "", "note": source.note}
        rows += [noted] if source.note else records(source.rows.assign(**row))
    keys = ["run", "dataset", "part", "method", "modality"]
    return ResultTable(
        "retrieval",
        "Recall at k: share of test videos (queries) with a training video (gallery) of their "
        "class among the k nearest. Across modalities, cluster probabilities are compared. The "
        "sources of the paper's results do not say what the model was pretrained on, so no "
        "difference is given.",
        beside_published(
            _only_video(frame(rows, keys, measures, results.empty_note)),
            "retrieval",
            results.references,
        ),
        keys, measures, ["run", "dataset"],
    )  # fmt: skip


def finetune(results: Results) -> ResultTable:
    """Accuracy per fold and its mean, of the last epoch (honest) and of the best (oracle)."""
    tables: list[pd.DataFrame] = []
    missing: list[dict[str, Any]] = []
    for source in results.folds("finetune"):
        log = source.rows
        probe = log["linear_probe"].all() if "linear_probe" in log else results.linear_probe
        row = _row(source) | {"method": "linear probe" if probe else "SeLaVi"}
        if source.note:
            missing.append(row | {"figure": "honest", "note": source.note})
            continue
        best = log.iloc[int(log["video_top1"].to_numpy().argmax())]
        for figure, epoch in (("honest", log.iloc[-1]), ("oracle", best)):
            scores = {name: float(epoch[name]) for name in (*TOP, "epoch")}
            note = str(epoch["note"])
            tables.append(pd.DataFrame([row | {"figure": figure, "note": note} | scores]))
    rows = records(pd.concat(tables, ignore_index=True)) if tables else []
    keys = ["run", "dataset", "part", "method", "figure"]
    return ResultTable(
        "finetune",
        "Action recognition after fine-tuning with a classifier, by fold, and the mean. Honest: "
        "the last epoch; `oracle`: the best epoch on the test videos, as the paper's release "
        "reports it.",
        beside_published(
            frame(_with_means(rows) + missing, keys, TOP, results.empty_note),
            "finetune",
            results.references,
        ),
        keys, TOP, ["run", "dataset"],
    )  # fmt: skip


def _row(source: Source) -> dict[str, Any]:
    return {"run": source.run, "dataset": source.dataset, "part": source.part}


def _with_means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the mean over the folds that were run, with their number."""
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
    """Give rows across modalities their own method, as the paper has no such results."""
    across = ~table["modality"].isin(["video", ""])
    return table.assign(method=table["method"].where(~across, "SeLaVi, " + table["modality"]))
