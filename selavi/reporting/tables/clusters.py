"""Tables of clusters: clustering, baselines, ablation, degraded."""

from typing import Any

import pandas as pd

from selavi.evaluation.scores import SCORES
from selavi.reporting.tables.layout import ResultTable
from selavi.reporting.tables.published import NOT_RUN, beside_published
from selavi.reporting.tables.results import Results
from selavi.reporting.tables.rows import frame, records
from selavi.reporting.tables.sources import Source

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
UNITS = "Entropy is in nats, lower is better; everything else is better when higher."
PAPER = (
    "The paper's figures of SeLaVi are of the head that is best by the classes, an oracle: a "
    "difference stands in the oracle row alone, and only beside the dataset's first run."
)


def clustering(results: Results) -> ResultTable:
    """How well each run's clusters match the classes; in brackets 95% bootstrap intervals."""
    rows = [row for run in results.runs for row in _of_run(results, run)]
    keys = ["run", "dataset", "split", "method", "modality", "figure"]
    return ResultTable(
        "clustering",
        f"{HONEST} The files have 95% bootstrap intervals over clips in brackets. {PAPER} {UNITS}",
        _beside(frame(rows, [*keys, "part"], [*SCORES], results.nothing), "clustering", results),
        keys, [*SCORES], ["run", "split"],
    )  # fmt: skip


def baselines(results: Results) -> ResultTable:
    """Each run beside chance and k-means on other features of the same clips."""
    rows: list[dict[str, Any]] = []
    for run in results.runs:
        ours = {(r["dataset"], r["split"]): r for r in reversed(_of_run(results, run))}
        for source in results.splits("baselines", run):
            place = {"run": run, "dataset": source.dataset, "split": source.part}
            if place_ours := ours.get((source.dataset, source.part)):
                rows.append(place_ours)
            if source.note:
                rows.append(place | {"method": "baselines", "part": "", "note": source.note})
                continue
            found = source.rows.assign(**place)
            found["part"] = found["modality"] if source.part == "train" else ""
            rows += records(found)
    keys = ["run", "dataset", "split", "method", "modality"]
    return ResultTable(
        "baselines",
        "Clustering does not come for free: the same clips, the same number of clusters. "
        f"{PAPER} {UNITS}",
        _beside(frame(rows, [*keys, "part"], [*SCORES], results.nothing), "baselines", results),
        keys, [*SCORES], ["run", "split"],
    )  # fmt: skip


def ablation(results: Results) -> ResultTable:
    """Runs on one dataset, each told by what sets it apart from the first of them.

    Runs that differ by seed alone make one row: the mean over those that have metrics.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for run in results.runs:
        dataset = results.dataset(run)
        alike.setdefault((dataset, _changes(results, run)), []).append(run)
    measures = ["nmi", "nmi_sd", "ari", "accuracy", "oracle_nmi"]
    rows = [
        {"run": runs[0], "dataset": dataset, "changed": changed}
        | _mean_scores(results, runs, dataset)
        for (dataset, changed), runs in alike.items()
    ]
    keys = ["run", "dataset", "split", "changed", "seeds"]
    return ResultTable(
        "ablation",
        "What differs from the dataset's first run, and what comes of it: the head that agrees "
        "best with the others, and (oracle) the NMI of the head that is best by the classes. "
        "Runs that differ by seed alone are one row: the mean, and the NMI's standard deviation.",
        frame(rows, keys, measures, results.nothing), keys, measures, ["dataset", "split"],
    )  # fmt: skip


def _mean_scores(results: Results, runs: list[str], dataset: str) -> dict[str, Any]:
    """Scores of one split over runs that differ by seed; `note` names those without metrics."""
    scores, notes = [], []
    for run in runs:
        sources = [s for s in results.splits("metrics", run) if s.dataset == dataset]
        if not sources or sources[0].note:
            note = sources[0].note if sources else f"{NOT_RUN}: no metrics of {run}"
            notes.append((sources[0].part if sources else "", note))
            continue
        both = _both(sources[0].rows).set_index("choice")
        oracle = {"oracle_nmi": both.loc["oracle", "nmi"], "split": sources[0].part}
        scores.append(records(both.loc[["agreement"], [*SCORES]])[0] | oracle)
    note = "; ".join(dict.fromkeys(note for _, note in notes))
    if not scores:
        return {"split": notes[0][0], "seeds": "", "note": note}
    split = scores[0]["split"]
    found = pd.DataFrame([s for s in scores if s["split"] == split]).drop(columns=["split"])
    mean = records(found.mean().to_frame().T.assign(nmi_sd=found["nmi"].std()))[0]
    return mean | {"split": split, "seeds": str(len(found)), "note": note}


def degraded(results: Results) -> ResultTable:
    """NMI of clips whose picture or sound was degraded, against their size on disk."""
    rows: list[dict[str, Any]] = []
    for source in results.degraded():
        row = {"run": source.run, "dataset": source.dataset, "split": source.part}
        row["note"] = source.note
        rows += [row] if source.note else records(source.rows.assign(**row))
    keys = ["run", "dataset", "split", "degraded", "level", "modality"]
    measures = ["kilobytes", "nmi", "nmi_kept", "accuracy"]
    return ResultTable(
        "degraded",
        "Clips encoded again at falling quality, and their clusters. Size is that of the "
        "degraded modality, mean per clip; `nmi_kept` is the share of the NMI that is left.",
        frame(rows, keys, measures, results.nothing), keys, measures, ["run"],
    )  # fmt: skip


def _beside(rows: pd.DataFrame, table: str, results: Results) -> pd.DataFrame:
    return beside_published(rows, table, results.references).drop(columns="part")


def _of_run(results: Results, run: str) -> list[dict[str, Any]]:
    """Rows of a run's splits, the honest choice first."""
    sources = results.splits("metrics", run) or [
        Source(run, results.dataset(run), "", note=f"{NOT_RUN}: no metrics of {run}")
    ]
    return [row for source in sources for row in _clustering_rows(source)]


def _clustering_rows(source: Source) -> list[dict[str, Any]]:
    """A row per choice of the head, and for the honest one per modality."""
    place = {"run": source.run, "dataset": source.dataset, "split": source.part}
    place["note"] = source.note
    if source.note:
        return [place | {"method": "SeLaVi", "modality": "", "figure": "honest", "part": ""}]
    metrics = source.rows
    first = metrics["modality"] == metrics["modality"].iloc[0]
    shown = metrics["choice"].isin(list(CHOICES)) & (first | (metrics["choice"] == "agreement"))
    metrics = metrics[shown].sort_values(
        "choice", key=lambda c: c.map(list(CHOICES).index), kind="stable"
    )
    metrics["method"] = metrics["choice"].map(CHOICES)
    metrics["figure"] = metrics["honest"].astype(bool).map({True: "honest", False: "oracle"})
    metrics["part"] = metrics["modality"] if source.part == "train" else ""
    return records(metrics.drop(columns=["choice", "honest", "head"]).assign(**place))


def _both(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of all modalities together."""
    return metrics[metrics["modality"] == metrics["modality"].iloc[0]]


def _changes(results: Results, run: str) -> str:
    """What sets a run apart from the first on its dataset."""
    if run not in results.settings:
        return f"unknown settings of {run}"
    reference = next(r for r, d in results.references.items() if d == results.dataset(run))
    before, after = (_flat(results.settings[r].model_dump(mode="json")) for r in (reference, run))
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
