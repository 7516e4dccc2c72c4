"""The cluster that most of a clip's nearest clips have, and how many of them do.

Letters in shapes: N clips of the gallery, n clips to predict, H heads.
"""

from dataclasses import dataclass

import numpy as np
import torch

from selavi.neighbours import nearest

NEIGHBOURS = 10


@dataclass(frozen=True)
class Votes:
    """Clusters of n clips by H heads.

    Attributes
    ----------
    clusters : numpy.ndarray
        (n, H) int64.
    confidences : numpy.ndarray
        (n, H) float32, share of the nearest clips that have this cluster.
    margins : numpy.ndarray
        (n, H) float32, the confidence minus the largest share of another cluster; negative if most
        of the nearest clips have another one.
    second : numpy.ndarray
        (n, H) int64, that other cluster; -1 for none.
    """

    clusters: np.ndarray
    confidences: np.ndarray
    margins: np.ndarray
    second: np.ndarray


def vote(
    rows: np.ndarray,
    gallery: np.ndarray,
    labels: np.ndarray,
    own: np.ndarray,
    given: np.ndarray | None = None,
) -> Votes:
    """Let the nearest clips of the gallery vote.

    Parameters
    ----------
    rows : numpy.ndarray
        (n, d) float32.
    gallery : numpy.ndarray
        (N, d) float.
    labels : numpy.ndarray
        (N, H) int64, clusters of the gallery.
    own : numpy.ndarray
        (n,) int64, row of the gallery that is the clip itself and has no vote; -1 for none.
    given : numpy.ndarray, optional
        (n, H) int64, clusters that are given; -1 where the vote decides. Ties go to the cluster
        of the nearest clip.

    Returns
    -------
    Votes
        Of all n clips.
    """
    count = min(NEIGHBOURS + 1, len(gallery))
    found, _ = nearest(
        torch.from_numpy(np.ascontiguousarray(rows)),
        torch.from_numpy(gallery.astype(np.float32)),
        count,
    )
    voters = found.numpy()
    votes = voters != own[:, None]
    if count > NEIGHBOURS:
        votes[votes.all(1), -1] = False  # the clip itself is not among them, and 10 vote
    total = np.maximum(votes.sum(1), 1)
    results = []
    for head in range(labels.shape[1]):
        of_voters = np.where(votes, labels[voters, head], -1)
        same = (of_voters[:, :, None] == of_voters[:, None]) & votes[:, :, None]
        shares = same.sum(2)  # of each voter, those that have its cluster
        winners = of_voters[np.arange(len(rows)), shares.argmax(1)]
        chosen = (
            winners if given is None else np.where(given[:, head] >= 0, given[:, head], winners)
        )
        is_chosen = of_voters == chosen[:, None]
        confidence = is_chosen.sum(1)
        others = np.where(is_chosen, 0, shares)
        runner_up = others.max(1)
        next_one = of_voters[np.arange(len(rows)), others.argmax(1)]
        second = np.where(runner_up > 0, next_one, -1)
        results.append((chosen, confidence / total, (confidence - runner_up) / total, second))
    clusters, confidences, margins, seconds = (
        np.stack(columns, 1) for columns in zip(*results, strict=True)
    )
    return Votes(clusters, confidences.astype(np.float32), margins.astype(np.float32), seconds)
