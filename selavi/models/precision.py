"""Is bfloat16 sound here? Some CPU builds give infinite gradients for some convolutions."""

import copy
import logging

import torch
from torch import Tensor

from selavi.models.network import Network
from selavi.records import Batch

log = logging.getLogger(__name__)

LEAST_COSINE = 0.8


def bfloat16_is_sound(network: Network, batch: Batch) -> bool:
    """Compare the encoders' gradients on one batch in bfloat16 and in float32.

    Works on a copy: weights, batch-norm statistics and random state stay as they are.
    """
    reference, rounded = (_gradient(network, batch, bfloat16) for bfloat16 in (False, True))
    if not bool(torch.isfinite(rounded).all()):
        log.warning("bfloat16 gives gradients that are not finite here; using float32")
        return False
    cosine = float(torch.nn.functional.cosine_similarity(reference, rounded, dim=0))
    if cosine < LEAST_COSINE:
        log.warning("bfloat16 gradients are off (cosine %.2f to float32); using float32", cosine)
        return False
    log.info("bfloat16 gradients agree with float32 (cosine %.4f)", cosine)
    return True


def _gradient(network: Network, batch: Batch, bfloat16: bool) -> Tensor:
    """Gradient of a fixed function of the features, all parameters in one vector."""
    trial = copy.deepcopy(network).train()
    features = trial.encode(batch, bfloat16)
    generator = torch.Generator().manual_seed(0)
    for rows in features.values():
        weights = torch.randn(rows.shape, generator=generator).to(rows)
        (rows * weights).mean().backward()
    parts = [p.grad.flatten().float() for p in trial.encoders.parameters() if p.grad is not None]
    return torch.cat(parts)
