"""Files of scores, and the run, dataset and split that each is of."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from selavi.evaluation.scores import SCORES
from selavi.files import UserError, read_csv
from selavi.reporting.tables.published import NOT_RUN

TEXT = (
    "modality", "choice", "head", "method", "note", "level", "degraded",
    "dataset", "split", "pretraining", "preparation",
)  # fmt: skip
NEEDED = {
    "metrics": ("modality", "choice", "head", "honest", *SCORES),
    "baselines": ("method", "modality", "note"),  # no scores where no clip has a class
    "evaluate-degraded": ("degraded", "level", "modality", "kilobytes", "nmi"),
    "retrieval": ("modality",),
    "finetune": ("epoch", "clip_top1", "clip_top5", "video_top1", "video_top5", "note"),
}
"""Columns that the tables read from a stage's files."""
MEANINGS = {
    "dataset": "its clips are of dataset",
    "split": "its clips are of split",
    "pretraining": "its model was trained on",
}


@dataclass(frozen=True)
class Source:
    """Scores of a run on one split or fold.

    Attributes
    ----------
    run : str
        The run.
    dataset : str
        Dataset of the evaluated clips, "" if unknown.
    part : str
        Their split or fold.
    rows : DataFrame
        Content of the file.
    note : str
        Why there are no scores, "" if there are.
    """

    run: str
    dataset: str
    part: str
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    note: str = ""


def expected_source(
    stage: str, run: str, dataset: str, part: str, path: Path, expected: dict[str, str]
) -> Source:
    """Read a file of scores whose origin is known.

    Parameters
    ----------
    stage : str
        The stage that wrote it.
    run : str
        The run.
    dataset : str
        Dataset of the evaluated clips.
    part : str
        Their split or fold.
    path : Path
        The file.
    expected : dict of str to str
        What its columns must say; otherwise the source has a note and no rows.

    Raises
    ------
    UserError
        If the file is invalid or lacks a column.
    """
    if not path.exists():
        return Source(run, dataset, part, note=f"{NOT_RUN}: no {path}")
    rows = _read(stage, path)
    for column, value in expected.items():
        actual = _value(rows, column)
        if not actual:
            note = f"{NOT_RUN}: {path} does not say its {column}; make it again"
            return Source(run, dataset, part, note=note)
        if actual != value:
            note = f"{NOT_RUN}: {path}: {MEANINGS[column]} {actual}, not {value}; make it again"
            return Source(run, dataset, part, note=note)
    return Source(run, dataset, part, rows, _without_classes(rows))


def discovered_source(stage: str, run: str, part: str, path: Path) -> Source:
    """Read a file of scores; its columns name the dataset and split, by default "" and `part`."""
    rows = _read(stage, path)
    part = _value(rows, "split") or part
    return Source(run, _value(rows, "dataset"), part, rows, _without_classes(rows))


def _read(stage: str, path: Path) -> pd.DataFrame:
    try:
        return read_csv(path, TEXT, NEEDED[stage])
    except UserError as error:
        rule = stage.replace("-", "_")
        raise UserError(f"{error}; make it again: selavi run -R {rule}") from None


def _value(rows: pd.DataFrame, column: str) -> str:
    """Value of a column that is the same in all rows, "" if there is none."""
    return str(rows[column].iloc[0]) if column in rows and len(rows) else ""


def _without_classes(rows: pd.DataFrame) -> str:
    none = rows.empty or ("classes" in rows and not rows["classes"].any())
    return f"{NOT_RUN}: no clip has a class" if none else ""
