"""What training minimises: the cross-entropy to the current labels."""

import torch.nn.functional as F
from torch import Tensor


def heads_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy, mean over heads and clips: logits (H, B, K), labels (B, H).

    A clip without a label (-1: it could not be read when labels were made) does not count.
    """
    return F.cross_entropy(logits.flatten(0, 1), labels.T.flatten(), ignore_index=-1)
