"""Consensus labels: what most heads say, once their clusters are matched to each other."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from selavi.models.head_selection import agreement


def consensus(labels: Tensor, clusters: int) -> Tensor:
    """Each clip's label by plurality vote over heads, in each head's own numbers.

    Clusters are matched, one to one, to those of the head that agrees best with the others, by the
    clips that they share; that head's label wins where votes are even (Dudoit and Fridlyand,
    Bagging to improve the accuracy of a clustering procedure, 2003). Sizes of clusters are no
    longer exactly those asked for.

    labels : (N, H) int64, -1 for a clip without labels, which stays so. clusters : K.
    """
    known = labels[(labels >= 0).all(1)].cpu().numpy()
    heads = np.arange(known.shape[1])
    judge = int(agreement(known).argmax())
    own = np.stack([_match(known[:, judge], known[:, h], clusters) for h in heads])
    common = own.argsort(1)[heads, known]  # (n, H), in the judge's numbers
    votes = np.stack([(common == common[:, [h]]).sum(1) for h in heads], 1)
    votes = 2 * votes + (heads == judge)
    winners = np.take_along_axis(common, votes.argmax(1)[:, None], 1)
    result = labels.clone()
    result[(labels >= 0).all(1)] = torch.from_numpy(own[heads, winners]).to(labels)
    return result


def _match(reference: np.ndarray, others: np.ndarray, clusters: int) -> np.ndarray:
    """The other's cluster that plays the part of each cluster of the reference: (K,)."""
    pairs = np.bincount(reference * clusters + others, minlength=clusters**2)
    matched: np.ndarray = linear_sum_assignment(pairs.reshape(clusters, -1), maximize=True)[1]
    return matched
