"""Files of scores, and the run, dataset and split that each is of."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from selavi.files import read_csv
from selavi.reporting.tables.published import NOT_RUN

TEXT = (
    "modality", "choice", "head", "method", "note", "level", "degraded",
    "dataset", "split", "pretraining",
)  # fmt: skip
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
    run: str, dataset: str, part: str, path: Path, expected: dict[str, str]
) -> Source:
    """Read a file of scores whose origin is known.

    Parameters
    ----------
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
    """
    if not path.exists():
        return Source(run, dataset, part, note=f"{NOT_RUN}: no {path}")
    rows = read_csv(path, TEXT)
    for column, value in expected.items():
        actual = _value(rows, column)
        if not actual:
            note = f"{NOT_RUN}: {path} does not say its {column}; make it again"
            return Source(run, dataset, part, note=note)
        if actual != value:
            note = f"{NOT_RUN}: {path}: {MEANINGS[column]} {actual}, not {value}; make it again"
            return Source(run, dataset, part, note=note)
    return Source(run, dataset, part, rows, _without_classes(rows))


def discovered_source(run: str, part: str, path: Path) -> Source:
    """Read a file of scores; its columns name the dataset and split, by default "" and `part`."""
    rows = read_csv(path, TEXT)
    part = _value(rows, "split") or part
    return Source(run, _value(rows, "dataset"), part, rows, _without_classes(rows))


def _value(rows: pd.DataFrame, column: str) -> str:
    """Value of a column that is the same in all rows, "" if there is none."""
    return str(rows[column].iloc[0]) if column in rows and len(rows) else ""


def _without_classes(rows: pd.DataFrame) -> str:
    none = rows.empty or ("classes" in rows and not rows["classes"].any())
    return f"{NOT_RUN}: no clip has a class" if none else ""
