"""Select a head without classes: the one whose labels agree best with the other heads'."""

import numpy as np
from sklearn.metrics import normalized_mutual_info_score


def agreement(labels: np.ndarray) -> np.ndarray:
    """Mean NMI of each head's labels with those of the other heads.

    Parameters
    ----------
    labels : numpy.ndarray
        (N, H) int; clips with a label of -1 are ignored.

    Returns
    -------
    numpy.ndarray
        (H,) float64 in [0, 1]; 1 if there is only one head.
    """
    labels = labels[(labels >= 0).all(1)]
    heads = labels.shape[1]
    nmi = np.ones((heads, heads))
    for a in range(heads):
        for b in range(a):
            nmi[a, b] = nmi[b, a] = normalized_mutual_info_score(labels[:, a], labels[:, b])
    return (nmi.sum(1) - 1) / max(1, heads - 1) if heads > 1 else np.ones(1)
