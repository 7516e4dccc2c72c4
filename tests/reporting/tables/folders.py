"""Results folders as the workflow leaves them, made up."""

from pathlib import Path
from typing import Any

import pandas as pd

from selavi.config_file import write_section
from selavi.files import read_csv, write_csv
from selavi.settings import ResolvedConfig

SCORES = {"ami": 0.1, "ari": 0.1, "accuracy": 0.1, "entropy": 0.1, "purity": 0.1}
TEXT = ("run", "dataset", "split", "method", "modality", "figure", "part", "note", "paper_source",
        "changed", "preparation")  # fmt: skip


def metrics(dataset: str = "demo", split: str = "train") -> pd.DataFrame:
    rows = [
        {"modality": modality, "choice": choice, "head": "0", "honest": choice != "oracle",
         "nmi": nmi, "nmi_low": nmi - 0.1 if choice == "agreement" else None,
         "nmi_high": nmi + 0.1 if choice == "agreement" else None}
        | SCORES
        for modality in ("video+audio", "video")
        for choice, nmi in (("first", 0.2), ("agreement", 0.5), ("oracle", 0.9), ("head", 0.2))
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(classes=2, dataset=dataset, split=split)


def baselines(dataset: str = "demo") -> pd.DataFrame:
    chance = {"method": "chance", "modality": "none", "note": "", "nmi": 0.01} | SCORES
    failed = {"method": "k-means supervised", "modality": "video", "note": "not run: no weights"}
    kinds = {
        "standardise": ("", 0.3), "l2_pca": ("agreement", 0.4), "standardise_pca": ("oracle", 0.6),
    }  # fmt: skip
    trained = [
        {"method": "k-means trained", "modality": "video", "note": "", "preparation": kind}
        | {"choice": choice, "nmi": nmi} | SCORES
        for kind, (choice, nmi) in kinds.items()
    ]  # fmt: skip
    return pd.DataFrame([chance, *trained, failed]).assign(dataset=dataset, split="train")


def configure(
    folder: Path, runs: dict[str, Any], data: dict[str, Any] | None = None,
    labelled: tuple[str, ...] = ("train",), **sections: Any,
) -> None:  # fmt: skip
    """Leave a configuration as the workflow does: runs by their datasets, or their settings."""
    runs = {name: {"dataset": r} if isinstance(r, str) else r for name, r in runs.items()}
    trained = dict.fromkeys(run["dataset"] for run in runs.values())
    splits: dict[str, Any] = {
        name: {}
        for part in ("train", "test")
        for name in (part, *(f"{part}{n}" for n in (1, 2, 3)))
    } | {"val": {}}
    datasets = {
        name: {"root": name, "splits": splits, "media": {"min_seconds": 10}} | (data or {})
        for name in trained | {d: None for s in sections.values() for d in s.get("datasets", {})}
    }
    raw = {"datasets": datasets, "runs": runs, **sections}
    raw["labelled"] = {name: list(labelled) for name in trained}
    config = ResolvedConfig.model_validate(raw)
    write_section(folder / "settings/config.yaml", config)


def results(folder: Path, one: str = "demo", sections: Any = None, **runs: str) -> Path:
    """A results folder with figures of the first of the runs that are configured, by dataset."""
    write_csv(folder / "metrics" / "one" / "train.csv", metrics(one))
    write_csv(folder / "baselines" / "one" / "train.csv", baselines(one))
    others = {name: {"dataset": d, "labelling": {"align": False}} for name, d in runs.items()}
    configure(folder, {"one": one} | others, **(sections or {}))
    return folder


def table(folder: Path, name: str) -> pd.DataFrame:
    return read_csv(folder / f"{name}.csv", TEXT)


def folds(**settings: Any) -> dict[str, Any]:
    """Settings of retrieval or fine-tuning."""
    return {"runs": ["one"], "datasets": {"ucf101": [1, 2, 3]}, "frames": 8} | settings
