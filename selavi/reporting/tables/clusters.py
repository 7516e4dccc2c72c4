"""Tables of clusters: clustering, baselines, ablation, degradation."""

from pathlib import Path
from typing import Any

import pandas as pd

from selavi.files import read_csv
from selavi.reporting.tables.layout import ResultTable
from selavi.reporting.tables.published import NOT_RUN, beside_published
from selavi.reporting.tables.rows import frame, records
from selavi.reporting.tables.sources import Results

SCORES = ["nmi", "ami", "ari", "accuracy", "entropy", "purity"]
CHOICES = {
    "agreement": "SeLaVi",
    "mean": "SeLaVi, head mean",
    "first": "SeLaVi, head 0",
    "oracle": "oracle: best head",  # by the classes
}
HONEST = (
    "Honest figures use no class to choose anything; `oracle` marks those chosen by looking at the "
    "classes. SeLaVi without more is the head that agrees best with the other heads."
)
NO_CLASSES = f"{NOT_RUN}: no clip has a class"
UNITS = "Entropy is in nats, lower is better; everything else is better when higher."
PAPER = (
    "The paper's figures of SeLaVi are of the head that is best by the classes, an oracle: a "
    "difference stands in the oracle row alone, and only beside the dataset's first run."
)


def clustering(results: Results) -> ResultTable:
    """How well each run's clusters match the classes; in brackets 95% bootstrap intervals."""
    rows = [row for run in results.runs for row in _clustering_rows(results, run)]
    keys = ["run", "dataset", "split", "method", "modality", "figure"]
    return ResultTable(
        "clustering",
        f"{HONEST} The files have 95% bootstrap intervals over clips in brackets. {PAPER} {UNITS}",
        _beside(frame(rows, [*keys, "part"], SCORES), "clustering", results),
        keys, SCORES, ["run", "split"],
    )  # fmt: skip


def baselines(results: Results) -> ResultTable:
    """Each run beside chance and k-means on other features of the same clips."""
    rows = []
    for run in results.runs:
        for path in results.splits("baselines", run):
            ours = [r for r in _clustering_rows(results, run, path.name) if r["method"] == "SeLaVi"]
            rows += ours[:1]
            found = read_csv(path, ("method", "modality", "note"))
            found = found.assign(run=run, dataset=results.dataset(run), split=path.stem)
            found["part"] = found["modality"].where(found["split"] == "train", "")
            rows += records(found)
    keys = ["run", "dataset", "split", "method", "modality"]
    return ResultTable(
        "baselines",
        "Clustering does not come for free: the same clips, the same number of clusters. "
        f"{PAPER} {UNITS}",
        _beside(frame(rows, [*keys, "part"], SCORES), "baselines", results),
        keys, SCORES, ["run", "split"],
    )  # fmt: skip


def ablation(results: Results) -> ResultTable:
    """Runs on one dataset, each told by what sets it apart from the first of them.

    Runs that differ by seed alone make one row: the mean over those that have metrics.
    """
    references: dict[str, dict[str, Any]] = {}
    alike: dict[tuple[str, str], list[str]] = {}
    for run in results.runs:
        settings, dataset = results.settings(run), results.dataset(run)
        reference = references.setdefault(dataset, settings)
        alike.setdefault((dataset, _changes(reference, settings)), []).append(run)
    measures = ["nmi", "nmi_sd", "ari", "accuracy", "oracle_nmi"]
    rows = [
        {"run": runs[0], "dataset": dataset, "changed": changed} | _mean_scores(results, runs)
        for (dataset, changed), runs in alike.items()
    ]
    keys = ["run", "dataset", "split", "changed", "seeds"]
    return ResultTable(
        "ablation",
        "What differs from the dataset's first run, and what comes of it: the head that agrees "
        "best with the others, and (oracle) the NMI of the head that is best by the classes. "
        "Runs that differ by seed alone are one row: the mean, and the NMI's standard deviation.",
        frame(rows, keys, measures), keys, measures, ["dataset", "split"],
    )  # fmt: skip


def _mean_scores(results: Results, runs: list[str]) -> dict[str, Any]:
    """Scores of one split over runs that differ by seed; `note` names those without metrics."""
    paths = {run: results.splits("metrics", run)[:1] for run in runs}
    scores: list[dict[str, Any]] = []
    for path in (path for found in paths.values() for path in found):
        metrics = read_csv(path, ("modality", "choice", "head"))
        if metrics.empty:
            return {"split": path.stem, "seeds": "", "note": NO_CLASSES}
        both = _both(metrics).set_index("choice")
        oracle = {"oracle_nmi": both.loc["oracle", "nmi"], "split": path.stem}
        scores.append(records(both.loc[["agreement"], SCORES])[0] | oracle)
    missing = [run for run, found in paths.items() if not found]
    note = f"{NOT_RUN}: no metrics of {', '.join(missing)}" if missing else ""
    if not scores:
        return {"split": "", "seeds": "", "note": note}
    split = scores[0]["split"]
    found = pd.DataFrame([s for s in scores if s["split"] == split]).drop(columns=["split"])
    mean = records(found.mean().to_frame().T.assign(nmi_sd=found["nmi"].std()))[0]
    return mean | {"split": split, "seeds": str(len(found)), "note": note}


def degradation(results: Results) -> ResultTable:
    """NMI of clips whose picture or sound was degraded, against their size on disk."""
    rows = []
    for run in results.stage("degrade")["runs"]:
        path = results.folder / "robustness" / f"{run}.csv"
        row = {"run": run, "dataset": results.dataset(run)}
        if path.exists():
            found = read_csv(path, ("level", "degraded", "modality"))
            rows += records(found.assign(**row, note=""))
        else:
            rows.append(row | {"note": f"{NOT_RUN}: no {path}"})
    keys = ["run", "dataset", "degraded", "level", "modality"]
    measures = ["kilobytes", "nmi", "nmi_kept", "accuracy"]
    return ResultTable(
        "degradation",
        "Test clips encoded again at falling quality, and their clusters. Size is that of the "
        "degraded modality, mean per clip; `nmi_kept` is the share of the NMI that is left.",
        frame(rows, keys, measures), keys, measures, ["run"],
    )  # fmt: skip


def _beside(rows: pd.DataFrame, table: str, results: Results) -> pd.DataFrame:
    return beside_published(rows, table, results.references).drop(columns="part")


def _clustering_rows(results: Results, run: str, name: str | None = None) -> list[dict[str, Any]]:
    """Rows of a run's splits (of one file, if named), the honest choice first."""
    paths = [p for p in results.splits("metrics", run) if name in (None, p.name)]
    dataset = results.dataset(run)
    none = {"run": run, "dataset": dataset, "method": "SeLaVi", "modality": "", "part": ""}
    none |= {"figure": "honest", "split": Path(name or "").stem}
    if not paths:
        return [none | {"note": f"{NOT_RUN}: no metrics of {run}"}]
    rows = []
    for path in paths:
        metrics = read_csv(path, ("modality", "choice", "head"))
        if metrics.empty:
            rows.append(none | {"split": path.stem, "note": NO_CLASSES})
            continue
        first = metrics["modality"] == metrics["modality"].iloc[0]
        shown = metrics["choice"].isin(list(CHOICES)) & (first | (metrics["choice"] == "agreement"))
        metrics = metrics[shown].sort_values(
            "choice", key=lambda c: c.map(list(CHOICES).index), kind="stable"
        )
        metrics["method"] = metrics["choice"].map(CHOICES)
        metrics["figure"] = metrics["honest"].astype(bool).map({True: "honest", False: "oracle"})
        metrics["part"] = metrics["modality"] if path.stem == "train" else ""
        metrics = metrics.assign(run=run, dataset=dataset, split=path.stem, note="")
        rows += records(metrics.drop(columns=["choice", "honest", "head"]))
    return rows


def _both(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of all modalities together."""
    return metrics[metrics["modality"] == metrics["modality"].iloc[0]]


def _changes(reference: dict[str, Any], settings: dict[str, Any]) -> str:
    before, after = _flat(reference), _flat(settings)
    changed = [
        f"{k.split('.')[-1]}: {', '.join(v) if isinstance(v, list) else v}"
        for k, v in after.items()
        if before.get(k) != v and k != "seed"
    ]
    return ", ".join(changed) or "reference"


def _flat(settings: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        inner = isinstance(value, dict)
        flat |= _flat(value, f"{above}{key}.") if inner else {f"{above}{key}": value}
    return flat
