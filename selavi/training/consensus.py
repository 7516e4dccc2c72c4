"""The consensus of trained heads: their clusters are matched, so that cluster k is one for all."""

import numpy as np
import torch
from torch import Tensor

from selavi.data.corrupt import CorruptClips
from selavi.data.dataset import Clips
from selavi.data.sampling import pass_batches
from selavi.labelling.consensus import matching
from selavi.models.head_selection import Selection, select_head
from selavi.models.network import Network

BATCH = 512


def match_heads(network: Network, clips: Clips, labels: Tensor) -> Selection:
    """Number the clusters of all heads as the one does that agrees best with the others.

    Of several numbers of clusters, the heads of each are matched with each other.

    Parameters
    ----------
    network : Network
        In evaluation mode, on the CPU; the outputs of its heads are permuted.
    clips : Clips
        Of the training split.
    labels : Tensor
        (N, H) int64, the last pseudo-labels, permuted in place; -1 for none.

    Returns
    -------
    Selection
        Of a head, by the heads' predictions, without views.
    """
    predicted = predictions(network, clips)
    counts = np.array(network.cluster_counts)
    selection = select_head(predicted, counts.tolist())
    known = predicted[(predicted >= 0).all(1)]
    for clusters in selection.levels:
        heads = np.flatnonzero(counts == clusters)
        reference = int(selection.agreements[heads].argmax())
        for head, permutation in zip(
            heads.tolist(), matching(known[:, heads], reference, clusters), strict=True
        ):
            _renumber(network, labels, head, torch.from_numpy(permutation))
    return selection


def _renumber(network: Network, labels: Tensor, head: int, permutation: Tensor) -> None:
    """Have one head's new cluster k be its old cluster permutation[k]."""
    for modality in network.modalities:
        network.permute_head(modality, head, permutation)
    old = labels[:, head]
    labels[:, head] = torch.where(old < 0, old, permutation.argsort()[old.clamp_min(0)])


@torch.no_grad()
def predictions(network: Network, clips: Clips) -> np.ndarray:
    """The cluster of every clip by every head, without views.

    Parameters
    ----------
    network : Network
        In evaluation mode, on the CPU.
    clips : Clips
        N clips.

    Returns
    -------
    numpy.ndarray
        (N, H) int64; -1 for corrupt clips.
    """
    result = np.full((len(clips), len(network.cluster_counts)), -1)
    corrupt = CorruptClips(clips)
    for batch in corrupt.counted(pass_batches(clips, batch_size=BATCH)):
        features = network.encode(batch)
        log_p = [network.logits(name, rows).log_softmax(-1) for name, rows in features.items()]
        result[batch.sample.numpy()] = torch.stack(log_p).sum(0).argmax(-1).T.numpy()
    return result
