"""Which head to trust without looking at a class: the one that agrees best with the others."""

import numpy as np
from sklearn.metrics import normalized_mutual_info_score


def agreement(labels: np.ndarray) -> np.ndarray:
    """How well each head agrees with the others: mean NMI of its labels with theirs.

    labels : (N, H); clips without labels (-1) are passed over. Returns (H,) in [0, 1]; the one head
    of a network of one agrees with itself.
    """
    labels = labels[(labels >= 0).all(1)]
    heads = labels.shape[1]
    table = np.ones((heads, heads))
    for a in range(heads):
        for b in range(a):
            table[a, b] = table[b, a] = normalized_mutual_info_score(labels[:, a], labels[:, b])
    return (table.sum(1) - 1) / max(1, heads - 1) if heads > 1 else np.ones(1)
