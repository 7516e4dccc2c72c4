"""Consensus labels: a vote of all heads, once their clusters are matched to each other."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from selavi.models.head_selection import agreement


def consensus(labels: Tensor, clusters: int) -> Tensor:
    """Replace each clip's labels by the plurality vote over heads.

    Clusters of all heads are matched, one to one, to those of the reference head, the one with the
    highest agreement, by the number of common clips; ties go to the reference head (Dudoit and
    Fridlyand, "Bagging to improve the accuracy of a clustering procedure", 2003). Cluster sizes
    then only approximate the marginals.

    Parameters
    ----------
    labels : Tensor
        (N, H) int64, -1 for a clip without labels.
    clusters : int
        K.

    Returns
    -------
    Tensor
        (N, H) int64, the vote in each head's own numbering; -1 where `labels` is.
    """
    known = labels[(labels >= 0).all(1)].cpu().numpy()
    heads = np.arange(known.shape[1])
    reference = int(agreement(known).argmax())
    to_head = matching(known, reference, clusters)
    common = to_head.argsort(1)[heads, known]  # (n, H), in the reference head's numbering
    votes = np.stack([(common == common[:, [h]]).sum(1) for h in heads], 1)
    votes = 2 * votes + (heads == reference)
    winners = np.take_along_axis(common, votes.argmax(1)[:, None], 1)
    result = labels.clone()
    result[(labels >= 0).all(1)] = torch.from_numpy(to_head[heads, winners]).to(labels)
    return result


def consensus_by_level(labels: Tensor, counts: Sequence[int]) -> Tensor:
    """`consensus` among the heads of each number of clusters.

    Parameters
    ----------
    labels : Tensor
        (N, H) int64, -1 for a clip without labels.
    counts : sequence of int
        (H,) clusters of each head.

    Returns
    -------
    Tensor
        (N, H) int64.
    """
    result = labels.clone()
    of_head = torch.tensor(counts)
    for clusters in sorted(set(counts)):
        heads = (of_head == clusters).nonzero()[:, 0].to(labels.device)
        result[:, heads] = consensus(labels[:, heads], clusters)
    return result


def matching(labels: np.ndarray, reference: int, clusters: int) -> np.ndarray:
    """Match the clusters of all heads, one to one, to those of one, by the number of common clips.

    Parameters
    ----------
    labels : numpy.ndarray
        (N, H) int64, at least 0.
    reference : int
        Number of the reference head.
    clusters : int
        K.

    Returns
    -------
    numpy.ndarray
        (H, K) int64, each head's cluster for each cluster of the reference head.
    """
    return np.stack([_match(labels[:, reference], other, clusters) for other in labels.T])


def _match(reference: np.ndarray, other: np.ndarray, clusters: int) -> np.ndarray:
    """The other head's cluster for each cluster of the reference head: (K,) int64."""
    pairs = np.bincount(reference * clusters + other, minlength=clusters**2)
    matched: np.ndarray = linear_sum_assignment(pairs.reshape(clusters, -1), maximize=True)[1]
    return matched
