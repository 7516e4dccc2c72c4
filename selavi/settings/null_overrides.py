"""Datasets and runs that a later configuration file removes by setting them to null."""

from collections.abc import Collection, Hashable
from typing import Any

from selavi.settings.evaluation import EVALUATIONS


def without_removed(raw: dict[str, Any]) -> dict[str, Any]:
    """Remove the datasets and runs that are null, and all that depends on them.

    With a dataset go the datasets that are subsets of its splits, the runs on them, and their names
    in the evaluations. Other mistakes are left to the typed settings.

    Parameters
    ----------
    raw : dict
        The configuration as YAML gives it.

    Returns
    -------
    dict
        The remaining configuration; `raw` itself if nothing is null.
    """
    datasets, runs = (_section(raw, name) for name in ("datasets", "runs"))
    gone = {name for name, dataset in datasets.items() if dataset is None}
    while further := {n for n, d in datasets.items() if n not in gone and _parents(d) & gone}:
        gone |= further
    idle = {
        name
        for name, run in runs.items()
        if run is None or (isinstance(run, dict) and _among(run.get("dataset"), gone))
    }
    if not gone | idle:
        return raw
    result = raw | {
        "datasets": {name: d for name, d in datasets.items() if name not in gone},
        "runs": {name: r for name, r in runs.items() if name not in idle},
    }
    for stage in EVALUATIONS:
        section = _section(raw, stage)
        if isinstance(section.get("runs"), list):
            kept = [run for run in section["runs"] if not _among(run, idle)]
            result[stage] = section = section | {"runs": kept}
        if isinstance(section.get("datasets"), dict):
            folds = {name: f for name, f in section["datasets"].items() if name not in gone}
            result[stage] = section | {"datasets": folds}
    return result


def _among(value: Any, names: Collection[str]) -> bool:
    return isinstance(value, Hashable) and value in names


def _section(raw: dict[str, Any], name: str) -> dict[str, Any]:
    section = raw.get(name)
    return section if isinstance(section, dict) else {}


def _parents(dataset: Any) -> set[str]:
    """Datasets that this one has subsets of."""
    splits = _section(dataset, "splits") if isinstance(dataset, dict) else {}
    places = [s.get("of") for s in splits.values() if isinstance(s, dict)]
    return {place.partition("/")[0] for place in places if isinstance(place, str) and "/" in place}
