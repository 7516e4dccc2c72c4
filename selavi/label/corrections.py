"""Apply what people change of clusters to tables of clips, after another training too."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.manifest import id_of
from selavi.files import UserError
from selavi.label.carry_over import match_clusters
from selavi.label.corrections_file import (
    FORMAT,
    Added,
    Corrections,
    Members,
    Merged,
    Moved,
    Named,
    read_corrections,
)  # fmt: skip

log = logging.getLogger(__name__)

MODEL, PERSON = "model", "person"
"""Who decided on the cluster of a clip."""


@dataclass(frozen=True)
class Corrected:
    """Clips after corrections.

    Attributes
    ----------
    cluster : numpy.ndarray
        (N,) int64, -1 for none.
    by : numpy.ndarray
        (N,) "person" for clips that were moved or whose cluster was merged, else "model"; "" for
        clips without a cluster of the model.
    tags : numpy.ndarray
        (N,) tags with blanks between them, "" for none.
    """

    cluster: np.ndarray
    by: np.ndarray
    tags: np.ndarray


def fit_corrections(
    path: Path, ids: Iterable[str], assigned: np.ndarray, clusters: int
) -> Corrections:
    """Read corrections, by the numbers of the clusters of today.

    If some clips that the file lists are in other clusters now, as after another training, these
    are matched one to one as `match_clusters` does. What is of a cluster without a match is lost,
    and logged; moves into matching clusters, moves into new clusters and tags stay.

    Parameters
    ----------
    path : Path
        corrections.json.
    ids : iterable of str
        (N,) ids of all clips that corrections may be of.
    assigned : numpy.ndarray
        (N,) their clusters by the model, -1 for none.
    clusters : int
        K.

    Returns
    -------
    Corrections
        Of these clusters.

    Raises
    ------
    UserError
        If the file is invalid, or is of other clusters and lists no clip to match them by.
    """
    corrections = read_corrections(path)
    now = pd.DataFrame({"id": list(ids), "cluster": assigned})
    _count_known(path, corrections, now["id"])
    rows = [(clip, part.cluster) for part in corrections.members for clip in part.clips]
    old = pd.DataFrame(rows, columns=["id", "cluster"])
    shared = old.merge(now[now["cluster"] >= 0], on="id")
    if corrections.clusters == clusters and (shared["cluster_x"] == shared["cluster_y"]).all():
        return _with_members(corrections, now)
    if shared.empty:
        raise UserError(
            f"{path} is of {corrections.clusters} clusters, and there are {clusters}; it lists no "
            "clip of these, so that its clusters cannot be found among them"
        )
    matches, agree = match_clusters(old, now)
    fitted = _with_members(_renumbered(corrections, matches, clusters, now), now)
    log.info(
        "%s is of other clusters: %.0f%% of the %d clips that it lists are in matching clusters; "
        "kept: %s",
        path, 100 * agree, len(shared), _kept(corrections, fitted),
    )  # fmt: skip
    return fitted


def _with_members(corrections: Corrections, now: pd.DataFrame) -> Corrections:
    """Corrections that list only clips which are in their clusters now."""
    found = dict(zip(now["id"], now["cluster"].tolist(), strict=True))
    members = [
        Members(
            cluster=part.cluster,
            clips=[clip for clip in part.clips if found.get(clip) == part.cluster],
        )
        for part in corrections.members
    ]
    return corrections.model_copy(update={"members": members})


def _count_known(path: Path, corrections: Corrections, ids: "pd.Series[str]") -> None:
    """Warn of corrections of clips that are not there."""
    named = {part.clip for part in corrections.moved} | {part.clip for part in corrections.tags}
    unknown = sorted(named.difference(ids))
    if unknown:
        log.warning(
            "%s: %d of the %d clips that it corrects are not here, such as %s; they are ignored",
            path, len(unknown), len(named), ", ".join(unknown[:3]),
        )  # fmt: skip


def _kept(before: Corrections, after: Corrections) -> str:
    parts = ("names", "merged", "new", "moved", "tags")
    counts = {part: (len(getattr(after, part)), len(getattr(before, part))) for part in parts}
    return ", ".join(f"{kept} of {n} {part}" for part, (kept, n) in counts.items() if n)


def _renumbered(
    corrections: Corrections, matches: dict[int, int], clusters: int, now: pd.DataFrame
) -> Corrections:
    """Corrections by other numbers; what is of a cluster without a match is left out."""
    added = {
        part.cluster: clusters + place
        for place, part in enumerate(sorted(corrections.new, key=lambda part: part.cluster))
    }
    numbers = matches | added
    found = dict(zip(now["id"], now["cluster"].tolist(), strict=True))

    def stays(part: Moved) -> bool:
        if part.to is not None:
            return part.to in numbers
        # "Not this" is said of a cluster: where the model no longer says so, nothing is to mend.
        return part.source in numbers and found.get(part.clip) == numbers[part.source]

    return Corrections(
        format=FORMAT,
        title=corrections.title,
        head=None,
        clusters=clusters,
        names=[
            Named(cluster=numbers[part.cluster], name=part.name)
            for part in corrections.names
            if part.cluster in numbers
        ],
        merged=[
            Merged(source=numbers[part.source], into=numbers[part.into])
            for part in corrections.merged
            if part.source in numbers and part.into in numbers
        ],
        new=[
            # A new cluster is known by its clips; where it came from is a remark.
            Added(cluster=added[part.cluster], source=numbers.get(part.source, 0))
            for part in corrections.new
        ],
        moved=[
            Moved(
                clip=part.clip,
                source=numbers.get(part.source, max(found.get(part.clip, 0), 0)),
                to=None if part.to is None else numbers[part.to],
            )
            for part in corrections.moved
            if stays(part)
        ],
        tags=corrections.tags,
        members=[
            Members(cluster=numbers[part.cluster], clips=part.clips)
            for part in corrections.members
            if part.cluster in numbers
        ],
    )


def apply_corrections(
    corrections: Corrections, ids: Iterable[str], assigned: np.ndarray
) -> Corrected:
    """Correct the clusters of clips.

    Parameters
    ----------
    corrections : Corrections
        Of the clusters in `assigned`; see `fit_corrections`.
    ids : iterable of str
        (N,) ids of the clips.
    assigned : numpy.ndarray
        (N,) clusters by the model, -1 for none. Clips without one are not corrected.

    Returns
    -------
    Corrected
        The clips.
    """
    place = {clip: row for row, clip in enumerate(ids)}
    target = np.arange(-1, corrections.count)  # one place on: -1 stays -1
    for merge in corrections.merged:
        target[merge.source + 1] = merge.into
    assigned = np.asarray(assigned, np.int64)
    has_cluster = assigned >= 0
    cluster = target[assigned + 1]
    by = np.where(cluster != assigned, PERSON, MODEL).astype(object)
    by[~has_cluster] = ""
    tags = np.full(len(assigned), "", object)
    for move in corrections.moved:
        row = place.get(move.clip)
        if row is not None and has_cluster[row]:
            cluster[row] = -1 if move.to is None else move.to
            by[row] = PERSON
    for tagged in corrections.tags:
        row = place.get(tagged.clip)
        if row is not None:
            tags[row] = " ".join(tagged.tags)
    return Corrected(cluster, by, tags)


def ids_apart(ids: Iterable[str], used: set[str], split: int) -> list[str]:
    """Ids of a split's clips, of which no earlier split has one.

    An id is of a path below its split's folder, and several splits may have the same.

    Parameters
    ----------
    ids : iterable of str
        The split's ids.
    used : set of str
        Ids of earlier splits, to which these are added.
    split : int
        Position of the split.
    """
    apart = [id_of(f"{split}/{id_}") if id_ in used else id_ for id_ in ids]
    used.update(apart)
    return apart


def names_of(corrections: Corrections) -> dict[int, str]:
    """Names that people gave, by cluster."""
    return {part.cluster: part.name for part in corrections.names}
