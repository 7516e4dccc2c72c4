"""The tables of a labelling: a row per window and per rejected file, and a row per cluster."""

import logging
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import torch

from selavi.data.schema import LABELS
from selavi.label.loaded import Loaded
from selavi.label.predict import modalities_of
from selavi.label.work import Part

log = logging.getLogger(__name__)

CLUSTERS = ("cluster", "name", "windows", "files", "seconds", "confidence", "examples")
"""Columns of clusters.csv; `examples` are the most confident windows of three files."""
EXAMPLES = 3


def labels_of(
    plan: pd.DataFrame,
    parts: Iterable[Part],
    loaded: Loaded,
    names: Mapping[int, str] | None = None,
) -> pd.DataFrame:
    """Join what the network says to the planned windows.

    Parameters
    ----------
    plan : DataFrame
        Columns `selavi.label.windows.PLAN`.
    parts : iterable of Part
        All windows of the plan, in any order.
    loaded : Loaded
        The network.
    names : mapping of int to str, optional
        Names of clusters.

    Returns
    -------
    DataFrame
        Columns `LABELS`, a row per row of the plan, in its order.
    """
    outcomes = [_outcomes(part, loaded) for part in parts]
    columns = ["id", "cluster", "confidence", "second", "margin", "seen", "why", "words"]
    found = pd.concat(outcomes) if outcomes else pd.DataFrame(columns=columns)
    table = plan.merge(found.drop_duplicates("id"), on="id", how="left", validate="many_to_one")
    new = (table["reason"] == "") & table["why"].fillna("").ne("")
    for column, value in (("reason", "why"), ("detail", "words")):
        table[column] = table[column].where(~new, table[value])
    table["modalities"] = table["seen"].fillna("")
    for column in ("cluster", "second"):
        table[column] = table[column].astype("Int64")
    known = {} if names is None else names
    table["name"] = ["" if pd.isna(k) else known.get(int(k), "") for k in table["cluster"]]
    table["duplicate_of"] = ""
    return table[list(LABELS)]


def _outcomes(part: Part, loaded: Loaded) -> pd.DataFrame:
    """A row per window of a shard, by `id`: cluster and so on, or why there is none."""
    table = part.table
    rows = pd.DataFrame({"id": table["id"], "why": table["reason"], "words": table["detail"]})
    accepted = table[table["reason"] == ""]
    seen = modalities_of(accepted, loaded)
    rows["seen"] = seen.reindex(table.index).fillna("")
    unseen = seen.index[seen == ""]
    rows.loc[unseen, "why"], rows.loc[unseen, "words"] = unusable(loaded)
    corrupt = part.predicted.corrupt
    damaged = rows["id"].isin(list(corrupt))
    rows.loc[damaged, "why"], rows.loc[damaged, "seen"] = "corrupt", ""
    rows.loc[damaged, "words"] = rows.loc[damaged, "id"].map(corrupt)
    scores = best_two(part.predicted.logits)
    scores["id"] = part.predicted.ids
    return rows.merge(scores[~scores["id"].isin(list(corrupt))], on="id", how="left")


def unusable(loaded: Loaded) -> tuple[str, str]:
    """Reason and detail of a window without a modality that the network needs."""
    needs = loaded.settings.modalities
    if loaded.network.joined:
        return "one-modality", "the model needs video and audio together (network.fusion: concat)"
    return f"no-{needs[0]}", f"it has no {needs[0]}, and the model sees only that"


def best_two(logits: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The two most probable clusters of n windows, by the product of the modalities there are.

    Parameters
    ----------
    logits : mapping of str to ndarray
        By modality: (n, K), NaN in the rows of windows without it.

    Returns
    -------
    DataFrame
        n rows; columns `cluster`, `confidence`, `second`, `margin`.
    """
    each = [torch.from_numpy(rows).double().log_softmax(1) for rows in logits.values()]
    probabilities = torch.stack(each).nan_to_num(0.0).sum(0).softmax(1)
    best = probabilities.topk(min(2, probabilities.shape[1]), dim=1)
    return pd.DataFrame(
        {
            "cluster": best.indices[:, 0].numpy(),
            "confidence": best.values[:, 0].numpy(),
            "second": best.indices[:, -1].numpy(),
            "margin": (best.values[:, 0] - best.values[:, -1]).numpy(),
        }
    )


def clusters_of(labels: pd.DataFrame) -> pd.DataFrame:
    """Count the clusters of a labelling.

    Parameters
    ----------
    labels : DataFrame
        Columns `LABELS`.

    Returns
    -------
    DataFrame
        Columns `CLUSTERS`, a row per cluster that has a window, the largest first.
    """
    rows = []
    for (cluster, name), group in labels[labels["reason"] == ""].groupby(["cluster", "name"]):
        best = group.sort_values("confidence", ascending=False, kind="stable")
        rows.append(
            {
                "cluster": cluster,
                "name": name,
                "windows": len(group),
                "files": group["path"].nunique(),
                "seconds": float((group["end"] - group["start"]).sum()),
                "confidence": float(group["confidence"].mean()),
                "examples": " | ".join(best["path"].drop_duplicates().head(EXAMPLES)),
            }
        )
    table = pd.DataFrame(rows, columns=list(CLUSTERS))
    return table.sort_values(["windows", "cluster"], ascending=[False, True], ignore_index=True)
