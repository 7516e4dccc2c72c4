"""Files of figures, and what each says it is of."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from selavi.files import read_csv
from selavi.reporting.tables.published import NOT_RUN

TEXT = (
    "modality", "choice", "head", "method", "note", "level", "degraded",
    "dataset", "split", "pretraining",
)  # fmt: skip
SAYS = {
    "dataset": "its clips are of dataset",
    "split": "its clips are of split",
    "pretraining": "its model was trained on",
}


@dataclass(frozen=True)
class Source:
    """Figures of a run.

    dataset, part : whose clips were judged, and the split or fold of it. rows : what the file
    holds. note : if there are no figures, why.
    """

    run: str
    dataset: str
    part: str
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    note: str = ""


def named_source(run: str, dataset: str, part: str, path: Path, of: dict[str, str]) -> Source:
    """The file at `path`, if it is there and says in its columns that it is `of` these."""
    if not path.exists():
        return Source(run, dataset, part, note=f"{NOT_RUN}: no {path}")
    rows = read_csv(path, TEXT)
    for column, wanted in of.items():
        said = _said(rows, column)
        if not said:
            note = f"{NOT_RUN}: {path} does not say its {column}; make it again"
            return Source(run, dataset, part, note=note)
        if said != wanted:
            note = f"{NOT_RUN}: {path}: {SAYS[column]} {said}, not {wanted}; make it again"
            return Source(run, dataset, part, note=note)
    return Source(run, dataset, part, rows, _without_classes(rows))


def found_source(run: str, part: str, path: Path) -> Source:
    """The file at `path`, of the dataset that it names, "" if none; so its split, else `part`."""
    rows = read_csv(path, TEXT)
    part = _said(rows, "split") or part
    return Source(run, _said(rows, "dataset"), part, rows, _without_classes(rows))


def _said(rows: pd.DataFrame, column: str) -> str:
    return str(rows[column].iloc[0]) if column in rows and len(rows) else ""


def _without_classes(rows: pd.DataFrame) -> str:
    none = rows.empty or ("classes" in rows and not rows["classes"].any())
    return f"{NOT_RUN}: no clip has a class" if none else ""
