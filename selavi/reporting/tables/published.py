"""The paper's figures beside ours. `published.csv` holds them all, each with its source.

Those marked certain stand in the release's own README; secondary ones are as others quote them.
`pretraining` is the dataset that the figure's model was trained on, empty if the source does not
say; `choice` is "oracle" where the head or the epoch was chosen by looking at the classes.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.files import read_csv

TEXT = (
    "table", "dataset", "pretraining", "method", "part", "measure", "choice", "certainty", "source",
)  # fmt: skip
NOT_RUN = "not run"


def published(table: str) -> pd.DataFrame:
    """Figures of one table: a row each, with `value` as a share, as ours are."""
    rows = read_csv(Path(__file__).with_name("published.csv"), TEXT)
    rows = rows[rows["table"] == table].drop(columns="table")
    return rows.assign(value=rows["percent"] / 100).drop(columns="percent")


def beside_published(ours: pd.DataFrame, table: str, references: dict[str, str]) -> pd.DataFrame:
    """Add `{measure}_paper` and `{measure}_difference` (ours - paper's), and `paper_source`.

    A figure stands beside the runs that it describes: a dataset's first one, trained on what the
    paper's model was trained on. A difference is given between two oracle figures or two honest
    ones, never across.

    Parameters
    ----------
    ours : with `run`, `dataset`, `method`, `part`, `note`, and measures. Rows whose part is "" have
        no counterpart. A method called "oracle: ..." is compared with the paper's SeLaVi; rows are
        oracle by that or by `figure`. Names of datasets match whatever their case, dashes and
        underscores.
    references : the runs to compare, and the dataset that each was trained on.

    Returns
    -------
    `ours`, and below it a row for every published figure on the same datasets that stands beside
    none of its rows, with the note that it was not run.
    """
    known = published(table)
    known["plain"], known["peer"] = known["dataset"].map(_plain), known["method"]
    known["trained"] = known["pretraining"].map(_plain)
    named = ours["method"].str.startswith("oracle: ")
    mine = ours.assign(
        plain=ours["dataset"].map(_plain),
        peer=ours["method"].where(~named, "SeLaVi"),
        trained=[_plain(references[r]) if r in references else "-" for r in ours["run"]],
    )
    known = known[known["plain"].isin(set(mine["plain"]))]
    keys = ["plain", "trained", "peer", "part"]
    here = set(mine[keys].itertuples(index=False, name=None))
    first = known.drop_duplicates(keys)
    there = [key in here for key in first[keys].itertuples(index=False, name=None)]
    absent = first[~np.array(there, dtype=bool)]
    absent = absent[["dataset", "method", "part", *keys[:3]]].assign(
        note=[_note(figure) for _, figure in absent.iterrows()]
    )
    if "modality" in ours and table != "retrieval":
        absent = absent.assign(modality=absent["part"])
    joined = pd.concat([mine, absent], ignore_index=True)
    words = [
        c
        for c in ours.columns
        if c in ("run", "split", "modality", "figure", "method", "part", "note")
    ]
    joined[words] = joined[words].fillna("")
    places = list(joined[keys].itertuples(index=False, name=None))
    oracle = joined["method"].str.startswith("oracle: ")
    if "figure" in joined:
        oracle |= joined["figure"] == "oracle"
    for measure, rows in known.groupby("measure", sort=False):
        rows = rows.set_index(keys)
        values, choices = rows["value"].to_dict(), rows["choice"].to_dict()
        paper = [values.get(place) for place in places]
        joined[f"{measure}_paper"] = pd.array(paper, dtype="Float64").astype(float)
        alike = oracle == [choices.get(place) == "oracle" for place in places]
        difference = joined[measure] - joined[f"{measure}_paper"]
        joined[f"{measure}_difference"] = difference.where(alike)
    if len(known):
        known = known.assign(words=known["source"] + " (" + known["certainty"] + ")")
        sources = known.groupby(keys)["words"].agg(lambda words: "; ".join(dict.fromkeys(words)))
        joined["paper_source"] = [sources.get(place, "") for place in places]
    return joined.drop(columns=["plain", "trained", "peer"])


def _note(figure: pd.Series) -> str:
    note = f"{NOT_RUN}: a published figure only"
    if figure["trained"] == figure["plain"]:
        return note
    return f"{note}, pretrained on {figure['pretraining'] or 'a dataset not stated'}"


def _plain(name: str) -> str:
    """VGG_Sound, vgg-sound and vggsound are one; so are kinetics and kinetics400."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return {"kinetics400": "kinetics", "ucf": "ucf101", "hmdb": "hmdb51"}.get(plain, plain)
