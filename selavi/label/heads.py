"""What every head says of labelled windows, from the features that the labelling has stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selavi.data.schema import HEAD_CLUSTERS, head_columns
from selavi.evaluation.clip_map import ClipMap, positions_of
from selavi.files import UserError
from selavi.label.loaded import Loaded
from selavi.label.predict import Predicted


@dataclass(frozen=True)
class Heads:
    """Clusters of N windows by every head, and where they lie in the plane.

    Attributes
    ----------
    table : DataFrame
        N rows, as of the assign stage: `id`; `head`, the selected one; by head and modality a
        cluster, -1 for windows without the modality, and a margin; `head_clusters`, if they differ.
    clip_map : ClipMap
        Of the rows of the table, from the features that their clusters are from.
    clusters : int
        K of the selected head.
    """

    table: pd.DataFrame
    clip_map: ClipMap
    clusters: int


@torch.inference_mode()
def every_head(
    parts: Iterable[Predicted], loaded: Loaded, wanted: "pd.Series[str]", positions: Path
) -> Heads:
    """Apply all heads to the features of windows.

    With both modalities, the cluster is the largest entry of p_video * p_audio (paper, section
    4.1); with one of them, that of the one.

    Parameters
    ----------
    parts : iterable of Predicted
        The windows, some at a time, and perhaps others.
    loaded : Loaded
        The network.
    wanted : Series of str
        Ids of the windows.
    positions : Path
        Where the map is kept for the next call, if it takes time to make.

    Returns
    -------
    Heads
        Of the wanted windows that are among the parts, at least one.
    """
    missing = set(wanted)
    network, counts = loaded.network.cpu(), loaded.network.result_counts
    tables, features = [], []
    for part in parts:
        here = [name in missing for name in part.ids.tolist()]
        ids = part.ids[here]
        if not len(ids):
            continue
        missing -= set(ids.tolist())
        seen = {name: rows[here] for name, rows in part.features.items()}
        columns: dict[str, np.ndarray] = {}
        log_p = {
            name: network.logits(name, torch.from_numpy(rows), network.result_heads).log_softmax(-1)
            for name, rows in seen.items()
        }
        if len(log_p) == 2:
            product = torch.stack(list(log_p.values())).nan_to_num(0.0, neginf=-torch.inf).sum(0)
            log_p = {"+".join(log_p): product.log_softmax(-1)} | log_p
        for name, rows in log_p.items():
            best = rows.topk(min(2, rows.shape[-1]), dim=-1)
            p = best.values.exp().nan_to_num(0.0)
            clusters = best.indices[..., 0].masked_fill(rows.isnan().any(-1), -1)
            for head in range(len(counts)):
                cluster, _, margin = head_columns(name, head)
                columns[cluster] = clusters[head].numpy()
                columns[margin] = (p[head, :, 0] - p[head, :, -1]).numpy()
        tables.append(pd.DataFrame({"id": ids} | columns))
        features.append(seen)
    table = pd.concat(tables, ignore_index=True).copy()  # of many columns, each a block
    table = table.assign(head=loaded.head)
    if len(set(counts)) > 1:
        table[HEAD_CLUSTERS] = " ".join(map(str, counts))
    joined = {name: np.concatenate([each[name] for each in features]) for name in features[0]}
    return Heads(table, _map(table["id"].to_numpy(str), joined, positions), loaded.clusters)


def _map(ids: np.ndarray, features: Mapping[str, np.ndarray], kept: Path) -> ClipMap:
    """Where windows lie in the plane; a map by UMAP of the same windows is not made again."""
    try:
        found = ClipMap.read(kept)
    except UserError:  # there is none, or it is damaged
        pass
    else:
        if found.method == "umap" and np.array_equal(found.ids, ids):
            return found
    made = ClipMap(ids, *positions_of(features), "+".join(features))
    if made.method == "umap":
        made.write(kept)
    return made
