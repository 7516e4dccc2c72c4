"""Which modality decides: whether video and audio alone give the clusters that both give together.

Nothing here uses classes. Agreement is a hint and no proof: modalities may agree on what nobody
asked for.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score

from selavi.data.schema import VIDEO, cluster_counts, head_columns, heads_by_modality
from selavi.data.schema import read_assignments as read
from selavi.files import UserError, write_csv
from selavi.models.head_selection import agreement
from selavi.models.network import JOINED

log = logging.getLogger(__name__)

MODALITIES = ("video", "audio")
SUPPORT = 0.5
"""Share of a cluster's clips that a modality alone has to place there to support the cluster."""


def modality_agreement(assignments: Path, clusters: Path, clips: Path) -> None:
    """Write how far each modality alone agrees with both, by cluster and by clip.

    Parameters
    ----------
    assignments : Path
        CSV of the stage assign, of a run of both modalities.
    clusters : Path
        CSV to write, see `by_cluster`.
    clips : Path
        CSV to write, see `by_clip`.

    Raises
    ------
    UserError
        If the assignments cannot be read, have no clips, or are not of both modalities.
    """
    table = read(assignments, needed=("cluster", "head"))
    table = table[table["cluster"] >= 0].reset_index(drop=True)
    if table.empty:
        raise UserError(f"{assignments} has no clip with a cluster; make it again")
    heads = heads_by_modality(table)
    if not {JOINED, *MODALITIES} <= heads.keys():
        raise UserError(
            f"{assignments}: clusters by video and by audio alone are not there, only "
            f"{', '.join(heads) or 'none'}; agreement needs a run of both modalities whose heads "
            "are apart (network.fusion: late)"
        )
    rows = by_clip(table)
    write_csv(clips, rows)
    write_csv(clusters, by_cluster(rows))
    for line in summary(table, rows):
        log.info("%s", line)


def by_clip(table: pd.DataFrame) -> pd.DataFrame:
    """Compare the clusters of each clip, by the selected head.

    Parameters
    ----------
    table : DataFrame
        Assignments of N clips with clusters of both modalities.

    Returns
    -------
    DataFrame
        N rows: the video, `cluster`, for each modality its own `{modality}_cluster` and
        `{modality}_confidence`, and `agree`: "both", "video", "audio" or "none", the modalities
        that give the cluster by themselves.
    """
    head = int(table["head"].iloc[0])
    rows = table[[*VIDEO, "cluster"]].copy()
    same = {}
    for modality in MODALITIES:
        cluster, confidence, _ = head_columns(modality, head)
        rows[f"{modality}_cluster"] = table[cluster]
        rows[f"{modality}_confidence"] = table[confidence]
        same[modality] = (table[cluster] == table["cluster"]).to_numpy()
    rows["agree"] = np.select(
        [same["video"] & same["audio"], same["video"], same["audio"]],
        ["both", "video", "audio"],
        "none",
    )
    return rows


def by_cluster(rows: pd.DataFrame) -> pd.DataFrame:
    """Count agreement by cluster.

    Parameters
    ----------
    rows : DataFrame
        Of `by_clip`.

    Returns
    -------
    DataFrame
        A row per cluster: `clips`; `video`, `audio` and `both`, the shares of its clips that these
        place there by themselves; `supported_by`, the modalities that place at least half of its
        clips there: "both", "video", "audio" or "none".
    """
    made = []
    for cluster, group in rows.groupby("cluster"):
        own = {m: float(group["agree"].isin((m, "both")).mean()) for m in MODALITIES}
        supporting = [m for m in MODALITIES if own[m] >= SUPPORT]
        word = "both" if len(supporting) == 2 else (supporting or ["none"])[0]
        both = float((group["agree"] == "both").mean())
        made.append({"cluster": cluster, "clips": len(group)} | own)
        made[-1] |= {"both": both, "supported_by": word}
    return pd.DataFrame(made)


def summary(table: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """Sentences on a run.

    Parameters
    ----------
    table : DataFrame
        Assignments.
    rows : DataFrame
        Of `by_clip`.

    Returns
    -------
    list of str
        How far the modalities agree; what each adds to the agreement of heads; clusters that one of
        them alone supports.
    """
    counts = cluster_counts(table)
    shares = rows["agree"].value_counts(normalize=True)
    between = adjusted_mutual_info_score(rows["video_cluster"], rows["audio_cluster"])
    lines = [
        f"by themselves, video and audio both give the cluster of {shares.get('both', 0):.0%} of "
        f"the clips, video alone of {shares.get('video', 0):.0%}, audio alone of "
        f"{shares.get('audio', 0):.0%}; AMI of video's clusters with audio's: {between:.3f}"
    ]
    own = heads_by_modality(table)
    scores = {
        name: float(agreement(table[own[name]].to_numpy(np.int64), counts).mean())
        for name in (JOINED, *MODALITIES)
        if len(own[name]) > 1
    }
    if scores:
        for added, other in (("audio", "video"), ("video", "audio")):
            change = scores[JOINED] - scores[other]
            lines.append(
                f"{added} {'raises' if change >= 0 else 'lowers'} the agreement of heads by "
                f"{abs(change):.3f}: mean NMI {scores[other]:.3f} by {other} alone, "
                f"{scores[JOINED]:.3f} by both (no classes: a hint, no proof)"
            )
    table_of_clusters = by_cluster(rows)
    for modality in (*MODALITIES, "none"):
        found = table_of_clusters.loc[table_of_clusters["supported_by"] == modality, "cluster"]
        if len(found):
            who = "neither modality alone supports" if modality == "none" else (
                f"{modality} alone supports"
            )  # fmt: skip
            shown = ", ".join(map(str, found.head(10))) + (", ..." if len(found) > 10 else "")
            lines.append(f"{who} {len(found)} cluster{'s' * (len(found) > 1)}: {shown}")
    return lines
