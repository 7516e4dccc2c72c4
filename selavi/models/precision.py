"""Choose the encoders' precision: whether bfloat16 is accurate and faster on this device.

Some CPU builds give infinite gradients for some convolutions. Most CPUs have no bfloat16
instructions: PyTorch emulates them, several times slower than float32.
"""

import copy
import logging
import time

import torch
from pydantic import TypeAdapter
from torch import Tensor

from selavi.batch import Batch
from selavi.engine.process_group import Group
from selavi.models.network import Features, Network
from selavi.progress import NOTICE
from selavi.rate_cache import RateCache
from selavi.settings import Precision

log = logging.getLogger(__name__)

MIN_COSINE = 0.8
MIN_SPEEDUP = 1.2
TRIALS = 3


def choose_bfloat16(
    network: Network,
    batch: Batch,
    precision: Precision,
    group: Group,
) -> bool:
    """Choose whether the encoders compute in bfloat16, and log why.

    `auto` chooses bfloat16 if the device supports it, its gradients on this batch are accurate, and
    a trial step is MIN_SPEEDUP times as fast as in float32. Trials run on a copy: weights,
    batch-norm statistics and random state do not change.

    Parameters
    ----------
    network : Network
        On the device of the batch.
    batch : Batch
        For the trial steps.
    precision : {"auto", "bfloat16", "float32"}
        `machine.precision`.
    group : Group
        All ranks make the same choice. With one rank, the measured speedup is cached per machine
        (`RateCache`), so that a repeated run makes the same choice; with several, whose caches may
        differ, it is measured each time.

    Returns
    -------
    bool
        True for bfloat16; never if no encoder is trained.
    """
    if precision == "float32" or next(network.encoders.parameters(), None) is None:
        return False
    device = batch.sample.device
    if precision == "auto" and group.any(not has_bfloat16(device)):
        log.info(
            "precision: float32, since this %s has no bfloat16 instructions",
            _name(device),
            extra=NOTICE,
        )
        return False
    if group.any(not bfloat16_is_accurate(network, batch)):
        return False
    if precision == "bfloat16":
        return True
    if group.world == 1:
        shapes = {name: batch.of(name).shape for name in network.encoders}
        key = ("bfloat16", repr(network.encoders), shapes)
        speedup = RateCache().get(TypeAdapter(float), key, lambda: _speedup(network, batch))
    else:
        speedup = _speedup(network, batch)
    is_faster = not group.any(speedup < MIN_SPEEDUP)
    log.info(
        "precision: %s, since a step in bfloat16 takes %.2g of float32's time on this %s",
        "bfloat16" if is_faster else "float32",
        1 / speedup,
        _name(device),
        extra=NOTICE,
    )
    return is_faster


def expects_bfloat16(precision: Precision, device: torch.device) -> bool:
    """Predict the choice of `choose_bfloat16` without a trial."""
    return precision == "bfloat16" or (precision == "auto" and has_bfloat16(device))


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device has bfloat16 instructions that PyTorch uses."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capability = torch.backends.cpu.get_cpu_capability()
    return capability.startswith("AVX512") and torch.cpu._is_avx512_bf16_supported()


def bfloat16_is_accurate(network: Network, batch: Batch) -> bool:
    """Compare the encoders' gradients on one batch in bfloat16 and in float32.

    They are compared in evaluation mode: in training mode, batch statistics amplify rounding until
    the gradients of a deep encoder differ, which does not harm training. In training mode they must
    be finite. Runs on a copy of the network.

    Parameters
    ----------
    network : Network
        On the device of the batch.
    batch : Batch
        Any clips.

    Returns
    -------
    bool
        Whether all gradients are finite, and their cosine similarity is at least MIN_COSINE.
    """
    training_gradient = _gradient(network, batch, bfloat16=True, training=True)
    reference, rounded = (_gradient(network, batch, b, training=False) for b in (False, True))
    if not bool(torch.isfinite(training_gradient).all() and torch.isfinite(rounded).all()):
        log.warning("bfloat16 gradients are not finite on this device; using float32")
        return False
    cosine = float(torch.nn.functional.cosine_similarity(reference, rounded, dim=0))
    if cosine < MIN_COSINE:
        log.warning(
            "bfloat16 gradients are inaccurate (cosine %.2f to float32); using float32", cosine
        )
        return False
    log.debug("bfloat16 gradients agree with float32 (cosine %.4f)", cosine)
    return True


def _name(device: torch.device) -> str:
    return "GPU" if device.type == "cuda" else "CPU"


def _speedup(network: Network, batch: Batch) -> float:
    """Time of a step in float32 over that in bfloat16."""
    trial = copy.deepcopy(network).train().requires_grad_()
    seconds = {False: float("inf"), True: float("inf")}
    for _ in range(TRIALS):  # interleaved, under the same load; the first one warms up
        for bfloat16 in seconds:
            seconds[bfloat16] = min(seconds[bfloat16], _seconds(trial, batch, bfloat16))
    return seconds[False] / seconds[True]


def _seconds(trial: Network, batch: Batch, bfloat16: bool) -> float:
    started = time.perf_counter()
    _backward(trial.encode(batch, bfloat16))
    if batch.sample.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _gradient(network: Network, batch: Batch, bfloat16: bool, training: bool) -> Tensor:
    """Gradient of a fixed function of the features, over all parameters, in one vector."""
    trial = copy.deepcopy(network).train(training).requires_grad_()
    _backward(trial.encode(batch, bfloat16))
    gradients = [
        p.grad.flatten().float() for p in trial.encoders.parameters() if p.grad is not None
    ]
    return torch.cat(gradients)


def _backward(features: Features) -> None:
    generator = torch.Generator().manual_seed(0)
    for rows in (rows for rows in features.values() if rows.requires_grad):
        weights = torch.randn(rows.shape, generator=generator).to(rows)
        (rows * weights).mean().backward()
