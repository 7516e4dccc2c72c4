"""The paper's results beside ours. `published.csv` has them all, each with its source.

Those marked certain are from the README of the paper's release, today's or the first one; secondary
ones are quoted from other papers. `pretraining` is the dataset that the model was trained on, empty
if the source does not say; `choice` is "oracle" where the head or the epoch was selected by the
classes; `protocol` is empty for the paper's, and results of another one are compared with nothing.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.files import read_csv

TEXT = (
    "table", "dataset", "pretraining", "method", "part", "measure", "choice", "certainty", "source",
    "protocol",
)  # fmt: skip
NOT_RUN = "not run"


def published(table: str) -> pd.DataFrame:
    """Published results of one table, one per row, with `value` in [0, 1]."""
    rows = read_csv(Path(__file__).with_name("published.csv"), TEXT)
    rows = rows[rows["table"] == table].drop(columns="table")
    return rows.assign(value=rows["percent"] / 100).drop(columns="percent")


def beside_published(ours: pd.DataFrame, table: str, references: dict[str, str]) -> pd.DataFrame:
    """Add `{measure}_paper` and `{measure}_difference` (ours - paper's), and `paper_source`.

    A published result is compared only with a dataset's first run, trained on the same dataset as
    the paper's model. Differences are between two oracle results or two honest ones.

    Parameters
    ----------
    ours : DataFrame
        Our results, with `run`, `dataset`, `method`, `part`, `note` and the measures. Rows whose
        part is "" are not compared. A method "oracle: ..." is compared with the paper's SeLaVi;
        rows are oracle by that or by `figure`. Names of datasets match in spite of case, dashes
        and underscores.
    table : str
        Name of the table in `published.csv`.
    references : dict of str to str
        The runs to compare, and the dataset that each was trained on.

    Returns
    -------
    DataFrame
        `ours`, and below it a row for every published result on the same datasets that is beside
        none of them, with the note that it was not run.
    """
    theirs = published(table)
    theirs["plain"], theirs["peer"] = theirs["dataset"].map(_plain), theirs["method"]
    theirs["trained"] = theirs["pretraining"].map(_plain)
    named = ours["method"].str.startswith("oracle: ")
    matched = ours.assign(
        plain=ours["dataset"].map(_plain),
        peer=ours["method"].where(~named, "SeLaVi"),
        trained=[_plain(references[r]) if r in references else "-" for r in ours["run"]],
    )
    theirs = theirs[theirs["plain"].isin(set(matched["plain"]))]
    keys = ["plain", "trained", "peer", "part"]
    our_keys = set(matched[keys].itertuples(index=False, name=None))
    first = theirs.drop_duplicates(keys)
    is_ours = [key in our_keys for key in first[keys].itertuples(index=False, name=None)]
    absent = first[~np.array(is_ours, dtype=bool)]
    absent = absent[["dataset", "method", "part", *keys[:3]]].assign(
        note=[_note(result) for _, result in absent.iterrows()]
    )
    if "modality" in ours and table != "retrieval":
        absent = absent.assign(modality=absent["part"])
    joined = pd.concat([matched, absent], ignore_index=True)
    text = [
        c
        for c in ours.columns
        if c in ("run", "split", "modality", "figure", "method", "part", "note", "preparation")
    ]
    joined[text] = joined[text].fillna("")
    row_keys = list(joined[keys].itertuples(index=False, name=None))
    oracle = joined["method"].str.startswith("oracle: ")
    if "figure" in joined:
        oracle |= joined["figure"] == "oracle"
    for measure, rows in theirs.groupby("measure", sort=False):
        rows = rows.set_index(keys)
        values, choices = rows["value"].to_dict(), rows["choice"].to_dict()
        paper = [values.get(key) for key in row_keys]
        joined[f"{measure}_paper"] = pd.array(paper, dtype="Float64").astype(float)
        comparable = oracle == [choices.get(key) == "oracle" for key in row_keys]
        difference = joined[measure] - joined[f"{measure}_paper"]
        joined[f"{measure}_difference"] = difference.where(comparable)
    if len(theirs):
        theirs = theirs.assign(cited=theirs["source"] + " (" + theirs["certainty"] + ")")
        sources = theirs.groupby(keys)["cited"].agg(lambda cited: "; ".join(dict.fromkeys(cited)))
        joined["paper_source"] = [sources.get(key, "") for key in row_keys]
    return joined.drop(columns=["plain", "trained", "peer"])


def _note(result: pd.Series) -> str:
    note = f"{NOT_RUN}: published result only"
    if result["protocol"]:
        return f"{note}, by another protocol ({result['protocol']})"
    if result["trained"] == result["plain"]:
        return note
    return f"{note}, pretrained on {result['pretraining'] or 'a dataset not stated'}"


def _plain(name: str) -> str:
    """Canonical name of a dataset: VGG_Sound, vgg-sound and vggsound are the same."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return {"kinetics400": "kinetics", "ucf": "ucf101", "hmdb": "hmdb51"}.get(plain, plain)
