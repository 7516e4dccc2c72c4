"""Tables of cluster scores: clustering, baselines, ablation, degraded."""

from typing import Any

import pandas as pd

from selavi.evaluation.scores import SCORES
from selavi.reporting.tables.layout import ResultTable
from selavi.reporting.tables.methods import method_name
from selavi.reporting.tables.published import NOT_RUN, beside_published
from selavi.reporting.tables.results import Results
from selavi.reporting.tables.rows import frame, records
from selavi.reporting.tables.sources import Source

CHOICES = {
    "agreement": "{}",
    "mean": "{}, head mean",
    "first": "{}, head 0",
    "oracle": "oracle: best head",  # by the classes
}
"""By choice of the head, what a row is called, with the name of the run's method."""
HONEST = (
    "Honest results use no class to select anything; `oracle` marks those selected by the "
    "classes. SeLaVi is the selected head: the one with the highest mean NMI with the other heads."
)
UNITS = "Entropy is in nats, lower is better; for all other scores higher is better."
PAPER = (
    "The paper reports the head that is best by the classes, an oracle: differences are given "
    "only for the oracle of the dataset's first run."
)


def clustering(results: Results) -> ResultTable:
    """How well each run's clusters match the classes; in brackets 95% bootstrap intervals."""
    rows = [row for run in results.runs for row in _of_run(results, run)]
    keys = ["run", "dataset", "split", "method", "modality", "figure"]
    return ResultTable(
        "clustering",
        f"{HONEST} The files have 95% bootstrap intervals over clips in brackets. {PAPER} {UNITS}",
        _beside(frame(rows, [*keys, "part"], [*SCORES], results.empty_note), "clustering", results),
        keys, [*SCORES], ["run", "split"],
    )  # fmt: skip


def baselines(results: Results) -> ResultTable:
    """Each run beside chance and k-means on other features of the same clips."""
    rows: list[dict[str, Any]] = []
    for run in results.runs:
        ours = {(r["dataset"], r["split"]): r for r in reversed(_of_run(results, run))}
        for source in results.splits("baselines", run):
            own = {"run": run, "dataset": source.dataset, "split": source.part}
            if our_row := ours.get((source.dataset, source.part)):
                rows.append(our_row)
            if source.note:
                rows.append(own | {"method": "baselines", "part": "", "note": source.note})
                continue
            baseline_rows = source.rows.assign(**own)
            baseline_rows["part"] = baseline_rows["modality"] if source.part == "train" else ""
            rows += _picked(records(baseline_rows))
    keys = ["run", "dataset", "split", "method", "modality", "preparation"]
    return ResultTable(
        "baselines",
        "SeLaVi beside chance and k-means on other features of the same clips, with the same "
        "number of clusters. k-means has the preparation (in the files) whose clusters of random "
        "parts of the clips agree best; `oracle` is the one that is best by the classes, where it "
        "is another. "
        f"{PAPER} {UNITS}",
        _beside(frame(rows, [*keys, "part"], [*SCORES], results.empty_note), "baselines", results),
        keys, [*SCORES], ["run", "split"],
    )  # fmt: skip


def _picked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each baseline's preparations, the selected one, and the oracle if it is another."""
    picked = [r for r in rows if not r.get("preparation") or r["choice"] in ("agreement", "both")]
    oracle = {
        (row["method"], row["modality"]): row | {"figure": "oracle"}
        for row in rows
        if row.get("choice") == "oracle"
    }
    result = []
    for row in picked:
        result.append(row)
        if best := oracle.get((row["method"], row["modality"])):
            result.append(best | {"method": f"{row['method']}, oracle", "part": ""})
    return result


def ablation(results: Results) -> ResultTable:
    """Runs on one dataset by the settings in which they differ from the first of them.

    Runs that differ only by seed make one row: the mean over those with metrics.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for run in results.runs:
        dataset = results.dataset(run)
        groups.setdefault((dataset, _changes(results, run)), []).append(run)
    measures = ["nmi", "nmi_sd", "ari", "accuracy", "oracle_nmi"]
    rows = [
        {"run": runs[0], "dataset": dataset, "changed": changed}
        | _mean_scores(results, runs, dataset)
        for (dataset, changed), runs in groups.items()
    ]
    keys = ["run", "dataset", "split", "changed", "seeds"]
    return ResultTable(
        "ablation",
        "Settings that differ from the dataset's first run, and scores: of the selected head (the "
        "highest mean NMI with the other heads), and, as oracle, the NMI of the head that is best "
        "by the classes. Runs that differ only by seed are one row: the mean, and the standard "
        "deviation of the NMI.",
        frame(rows, keys, measures, results.empty_note), keys, measures, ["dataset", "split"],
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
    seeds = pd.DataFrame([s for s in scores if s["split"] == split]).drop(columns=["split"])
    mean = records(seeds.mean().to_frame().T.assign(nmi_sd=seeds["nmi"].std()))[0]
    return mean | {"split": split, "seeds": str(len(seeds)), "note": note}


def degraded(results: Results) -> ResultTable:
    """NMI of clips with degraded video or audio, and their size on disk."""
    rows: list[dict[str, Any]] = []
    for source in results.degraded():
        row = {"run": source.run, "dataset": source.dataset, "split": source.part}
        row["note"] = source.note
        rows += [row] if source.note else records(source.rows.assign(**row))
    keys = ["run", "dataset", "split", "degraded", "level", "modality"]
    measures = ["kilobytes", "nmi", "nmi_kept", "accuracy"]
    return ResultTable(
        "degraded",
        "Clips re-encoded at falling quality. The size in kB is the mean of the degraded modality "
        "per clip; `nmi_kept` is the NMI divided by that of the stored clips.",
        frame(rows, keys, measures, results.empty_note), keys, measures, ["run"],
    )  # fmt: skip


def _beside(rows: pd.DataFrame, table: str, results: Results) -> pd.DataFrame:
    trained = {
        r: d for r, d in results.references.items() if results.settings[r].method == "selavi"
    }
    return beside_published(rows, table, trained).drop(columns="part")


def _of_run(results: Results, run: str) -> list[dict[str, Any]]:
    """Rows of a run's splits, the honest choice first."""
    sources = results.splits("metrics", run) or [
        Source(run, results.dataset(run), "", note=f"{NOT_RUN}: no metrics of {run}")
    ]
    method = method_name(results, run)
    return [row for source in sources for row in _clustering_rows(source, method)]


def _clustering_rows(source: Source, method: str) -> list[dict[str, Any]]:
    """A row per selection of the head, and for the honest one a row per modality."""
    keys = {"run": source.run, "dataset": source.dataset, "split": source.part}
    keys["note"] = source.note
    if source.note:
        return [keys | {"method": method, "modality": "", "figure": "honest", "part": ""}]
    metrics = source.rows
    first = metrics["modality"] == metrics["modality"].iloc[0]
    shown = metrics["choice"].isin(list(CHOICES)) & (first | (metrics["choice"] == "agreement"))
    metrics = metrics[shown].sort_values(
        "choice", key=lambda c: c.map(list(CHOICES).index), kind="stable"
    )
    metrics["method"] = [CHOICES[choice].format(method) for choice in metrics["choice"]]
    metrics["figure"] = metrics["honest"].astype(bool).map({True: "honest", False: "oracle"})
    metrics["part"] = metrics["modality"] if source.part == "train" else ""
    return records(metrics.drop(columns=["choice", "honest", "head"]).assign(**keys))


def _both(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of all modalities together."""
    return metrics[metrics["modality"] == metrics["modality"].iloc[0]]


def _changes(results: Results, run: str) -> str:
    """Settings in which a run differs from the first one on its dataset."""
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
