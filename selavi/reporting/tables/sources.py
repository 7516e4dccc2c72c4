"""Files of figures, and what each says it is of."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from selavi.evaluation.scores import SCORES
from selavi.files import UserError, read_csv
from selavi.reporting.tables.published import NOT_RUN

TEXT = (
    "modality", "choice", "head", "method", "note", "level", "degraded",
    "dataset", "split", "pretraining",
)  # fmt: skip
NEEDED = {
    "metrics": ("modality", "choice", "head", "honest", *SCORES),
    "baselines": ("method", "modality", "note"),  # no scores where no clip has a class
    "evaluate-degraded": ("degraded", "level", "modality", "kilobytes", "nmi"),
    "retrieval": ("modality",),
    "finetune": ("epoch", "clip_top1", "clip_top5", "video_top1", "video_top5", "note"),
}
"""Columns that the tables read from a stage's files."""
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


def named_source(
    stage: str, run: str, dataset: str, part: str, path: Path, of: dict[str, str]
) -> Source:
    """The file at `path`, if it is there and says in its columns that it is `of` these."""
    if not path.exists():
        return Source(run, dataset, part, note=f"{NOT_RUN}: no {path}")
    rows = _read(stage, path)
    for column, wanted in of.items():
        said = _said(rows, column)
        if not said:
            note = f"{NOT_RUN}: {path} does not say its {column}; make it again"
            return Source(run, dataset, part, note=note)
        if said != wanted:
            note = f"{NOT_RUN}: {path}: {SAYS[column]} {said}, not {wanted}; make it again"
            return Source(run, dataset, part, note=note)
    return Source(run, dataset, part, rows, _without_classes(rows))


def found_source(stage: str, run: str, part: str, path: Path) -> Source:
    """The file at `path`, of the dataset that it names, "" if none; so its split, else `part`."""
    rows = _read(stage, path)
    part = _said(rows, "split") or part
    return Source(run, _said(rows, "dataset"), part, rows, _without_classes(rows))


def _read(stage: str, path: Path) -> pd.DataFrame:
    try:
        return read_csv(path, TEXT, NEEDED[stage])
    except UserError as error:
        rule = stage.replace("-", "_")
        raise UserError(f"{error}; make it again: selavi run -R {rule}") from None


def _said(rows: pd.DataFrame, column: str) -> str:
    return str(rows[column].iloc[0]) if column in rows and len(rows) else ""


def _without_classes(rows: pd.DataFrame) -> str:
    none = rows.empty or ("classes" in rows and not rows["classes"].any())
    return f"{NOT_RUN}: no clip has a class" if none else ""
