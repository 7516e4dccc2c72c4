"""The loss of pretraining: the cross-entropy to the current pseudo-labels."""

import torch.nn.functional as F
from torch import Tensor


def heads_loss(log_p: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy, averaged over heads and clips.

    Parameters
    ----------
    log_p : Tensor
        (H, B, K) float32, log-probabilities.
    labels : Tensor
        (B, H) int64; -1, for a clip that could not be read in the label update, does not count.

    Returns
    -------
    Tensor
        A scalar, in nats.
    """
    return F.nll_loss(log_p.flatten(0, 1), labels.T.flatten(), ignore_index=-1)
