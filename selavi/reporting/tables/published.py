"""The paper's figures beside ours. `published.csv` holds them all, each with its source.

Those marked certain stand in the release's own README; secondary ones are as others quote them.
"""

import re
from pathlib import Path

import pandas as pd

from selavi.files import read_csv

TEXT = ("table", "dataset", "method", "part", "measure", "certainty", "source")
NOT_RUN = "not run"


def published(table: str) -> pd.DataFrame:
    """Figures of one table: a row each, with `value` as a share, as ours are."""
    rows = read_csv(Path(__file__).with_name("published.csv"), TEXT)
    rows = rows[rows["table"] == table].drop(columns="table")
    return rows.assign(value=rows["percent"] / 100).drop(columns="percent")


def beside_published(ours: pd.DataFrame, table: str) -> pd.DataFrame:
    """Add `{measure}_paper` and `{measure}_difference` (ours - paper's), and `paper_source`.

    Parameters
    ----------
    ours : with `dataset`, `method`, `part`, `note`, and measures. Rows whose part is "" have no
        counterpart. A method called "oracle: ..." is compared with the paper's SeLaVi. Names of
        datasets match whatever their case, dashes and underscores.

    Returns
    -------
    `ours`, and below it a row for every published method on the same datasets that has none there,
    with the note that it was not run.
    """
    known = published(table)
    known["plain"] = known["dataset"].map(_plain)
    known["peer"] = known["method"]
    oracle = ours["method"].str.startswith("oracle: ")
    mine = ours.assign(
        plain=ours["dataset"].map(_plain), peer=ours["method"].where(~oracle, "SeLaVi")
    )
    known = known[known["plain"].isin(set(mine["plain"]))]
    keys = ["plain", "peer", "part"]
    here = set(mine[keys].itertuples(index=False, name=None))
    absent = [
        {"dataset": dataset, "method": method, "part": part, "plain": plain, "peer": method,
         "note": f"{NOT_RUN}: a published figure only"}
        for (dataset, method, part, plain), _ in known.groupby(
            ["dataset", "method", "part", "plain"], sort=False
        )
        if (plain, method, part) not in here
    ]  # fmt: skip
    if "modality" in ours and table != "retrieval":
        absent = [row | {"modality": row["part"]} for row in absent]
    joined = pd.concat([mine, pd.DataFrame(absent)], ignore_index=True)
    words = [
        c
        for c in ours.columns
        if c in ("run", "split", "modality", "figure", "method", "part", "note")
    ]
    joined[words] = joined[words].fillna("")
    for measure, rows in known.groupby("measure", sort=False):
        values = rows.set_index(keys)["value"].to_dict()
        paper = [values.get(key) for key in joined[keys].itertuples(index=False, name=None)]
        joined[f"{measure}_paper"] = pd.array(paper, dtype="Float64").astype(float)
        joined[f"{measure}_difference"] = joined[measure] - joined[f"{measure}_paper"]
    if len(known):
        known = known.assign(words=known["source"] + " (" + known["certainty"] + ")")
        sources = known.groupby(keys)["words"].agg(lambda words: "; ".join(dict.fromkeys(words)))
        joined["paper_source"] = [
            sources.get(key, "") for key in joined[keys].itertuples(index=False, name=None)
        ]
    return joined.drop(columns=["plain", "peer"])


def _plain(name: str) -> str:
    """VGG_Sound, vgg-sound and vggsound are one; so are kinetics and kinetics400."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return {"kinetics400": "kinetics", "ucf": "ucf101", "hmdb": "hmdb51"}.get(plain, plain)
