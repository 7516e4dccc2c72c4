"""The tables of a labelling: a row per window and per rejected file, and a row per cluster."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from selavi.data.schema import CHECKSUMS, LABELS
from selavi.files import UserError
from selavi.label.loaded import Loaded
from selavi.label.predict import modalities_of
from selavi.label.work import Part

CLUSTERS = ("cluster", "name", "windows", "files", "seconds", "confidence", "examples")
"""Columns of clusters.csv; `examples` are the most confident windows of three files."""
EXAMPLES = 3
OUTCOMES = ("why", "words", "seen", "content", "cluster", "confidence", "second", "margin")


def labels_of(plan: pd.DataFrame, outcomes: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join what the network says to the planned windows.

    Parameters
    ----------
    plan : DataFrame
        Columns `selavi.label.windows.PLAN`.
    outcomes : sequence of DataFrame
        Those of `outcomes_of` of all windows of the plan, in any order.

    Returns
    -------
    DataFrame
        Columns `LABELS`, a row per row of the plan, in its order; no cluster has a name.
    """
    found = pd.concat([pd.DataFrame(columns=list(OUTCOMES), dtype=object), *outcomes])
    found = found[~found.index.duplicated()]
    table = plan.join(found, on="id")
    new = (table["reason"] == "") & table["why"].fillna("").ne("")
    for column, value in (("reason", "why"), ("detail", "words")):
        table[column] = table[column].where(~new, table[value])
    lost = table.loc[(table["reason"] == "") & table["cluster"].isna(), "path"]
    if len(lost):
        raise UserError(
            f"{len(lost)} windows have neither a cluster nor a reason, such as one of "
            f"{lost.iloc[0]}; remove the folder `work` of the output and run the same command again"
        )
    table["modalities"] = table["seen"].fillna("")
    table = table.astype({"cluster": "Int64", "second": "Int64"})
    table = table.astype({"confidence": float, "margin": float})
    table[["name", "tags", "duplicate_of"]] = ""
    table["by"] = table["cluster"].notna().map({True: "model", False: ""})
    table["model_cluster"] = table["cluster"]
    return table[list(LABELS)]


def outcomes_of(part: Part, loaded: Loaded) -> pd.DataFrame:
    """What became of the windows of a shard.

    Parameters
    ----------
    part : Part
        The shard.
    loaded : Loaded
        The network.

    Returns
    -------
    DataFrame
        A row per window, by its id. Columns `OUTCOMES`: `why` and `words` are its reason and
        detail, `seen` the modalities that the network used, `content` a checksum of the stored
        bytes.
    """
    table = part.table.set_index("id", drop=False)
    accepted = table[table["reason"] == ""]
    rows = pd.DataFrame({"why": table["reason"], "words": table["detail"]})
    rows["seen"] = modalities_of(accepted, loaded).reindex(table.index).fillna("")
    unseen = (rows["why"] == "") & (rows["seen"] == "")
    rows.loc[unseen, ["why", "words"]] = unusable(loaded)
    corrupt = part.predicted.corrupt
    damaged = list(corrupt)
    rows.loc[damaged, "why"] = "corrupt"
    rows.loc[damaged, "words"] = list(corrupt.values())
    rows.loc[damaged, "seen"] = ""
    numbers = accepted[[*CHECKSUMS, "video_size", "audio_size"]].astype(str)
    rows["content"] = numbers.agg(":".join, axis=1).reindex(table.index).fillna("")
    scores = best_two(part.predicted.logits).set_index(part.predicted.ids)
    return rows.join(scores.drop(index=damaged))[list(OUTCOMES)]


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


def covered_seconds(rows: pd.DataFrame) -> float:
    """Seconds of files that windows cover; what several cover counts once."""
    rows = rows.sort_values(["path", "start"])
    reached = rows.groupby("path")["end"].transform(lambda ends: ends.cummax().shift())
    start = rows["start"].where(reached.isna() | (rows["start"] > reached), reached)
    return float((rows["end"] - start).clip(lower=0).sum())


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
                "seconds": covered_seconds(group),
                "confidence": float(group["confidence"].mean()),
                "examples": " | ".join(best["path"].drop_duplicates().head(EXAMPLES)),
            }
        )
    table = pd.DataFrame(rows, columns=list(CLUSTERS))
    return table.sort_values(["windows", "cluster"], ascending=[False, True], ignore_index=True)
