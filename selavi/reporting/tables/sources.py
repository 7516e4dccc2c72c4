"""What the results folder holds: which runs and evaluations there are, finished or not."""

from functools import cached_property
from pathlib import Path
from typing import Any

import yaml


class Results:
    """A results folder and the runs in it to show.

    runs : names given, else those that have settings or metrics.
    """

    def __init__(self, folder: Path, runs: list[str] | None = None) -> None:
        self.folder = folder
        configured = [p.stem for p in (folder / "settings" / "runs").glob("*.yaml")]
        measured = [p.name for p in (folder / "metrics").glob("*") if p.is_dir()]
        self.runs = runs or sorted({*configured, *measured})

    def settings(self, run: str) -> dict[str, Any]:
        """Settings of a run as they were written, {} if there are none."""
        return _read(self.folder / "settings" / "runs" / f"{run}.yaml")

    def dataset(self, run: str) -> str:
        """Name of the dataset a run was trained on, "" if unknown."""
        return str(self.settings(run).get("dataset", ""))

    @cached_property
    def references(self) -> dict[str, str]:
        """The first run of each dataset and its name: what the paper's figures stand beside."""
        first: dict[str, str] = {}
        for run in self.runs:
            first.setdefault(self.dataset(run), run)
        return {run: dataset for dataset, run in first.items()}

    def stage(self, name: str) -> dict[str, Any]:
        """Settings of an evaluation stage; its `runs` are those shown."""
        settings = _read(self.folder / "settings" / "evaluation" / f"{name}.yaml")
        return settings | {"runs": [r for r in settings.get("runs", []) if r in self.runs]}

    def splits(self, stage: str, run: str) -> list[Path]:
        """The files of a run's splits in a stage, the training split first."""
        found = (self.folder / stage / run).glob("*.csv")
        return sorted(found, key=lambda p: (p.stem != "train", p.stem))


def _read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content if isinstance(content, dict) else {}
