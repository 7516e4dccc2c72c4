"""Arithmetic of the encoders: whether bfloat16 is sound on this device, and pays.

Some CPU builds give infinite gradients for some convolutions. Most CPUs have no bfloat16 at all:
PyTorch emulates it there, several times slower than float32.
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

LEAST_COSINE = 0.8
LEAST_GAIN = 1.2
TRIALS = 3


def choose_bfloat16(
    network: Network,
    batch: Batch,
    precision: Precision,
    group: Group,
) -> bool:
    """Whether the encoders should compute in bfloat16, logged in a line.

    `auto` takes it where the device has it, its gradients on this batch are sound, and a trial
    step is LEAST_GAIN times as fast as in float32. Works on a copy: weights, batch-norm statistics
    and random state stay as they are.

    The trial's result is kept for the machine (`RateCache`), so that a seed gives the same result.

    group : its ranks choose the same, and together: a step of theirs is one of all. What is kept
        differs between machines, so several ranks try each time.
    """
    if precision == "float32":
        return False
    device = batch.sample.device
    if precision == "auto" and group.any(not has_bfloat16(device)):
        log.info(
            "precision: float32, since this %s has no bfloat16 of its own",
            _name(device),
            extra=NOTICE,
        )
        return False
    if group.any(not bfloat16_is_sound(network, batch)):
        return False
    if precision == "bfloat16":
        return True
    if group.world == 1:
        shapes = {name: batch.of(name).shape for name in network.encoders}
        key = ("bfloat16", repr(network.encoders), shapes)
        gain = RateCache().get(TypeAdapter(float), key, lambda: _gain(network, batch))
    else:
        gain = _gain(network, batch)
    pays = not group.any(gain < LEAST_GAIN)
    log.info(
        "precision: %s, since a step in bfloat16 takes %.2g of float32's time on this %s",
        "bfloat16" if pays else "float32",
        1 / gain,
        _name(device),
        extra=NOTICE,
    )
    return pays


def expects_bfloat16(precision: Precision, device: torch.device) -> bool:
    """What `choose_bfloat16` is likely to say, without a trial."""
    return precision == "bfloat16" or (precision == "auto" and has_bfloat16(device))


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 by itself, as far as PyTorch makes use of it."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capability = torch.backends.cpu.get_cpu_capability()
    return capability.startswith("AVX512") and torch.cpu._is_avx512_bf16_supported()


def bfloat16_is_sound(network: Network, batch: Batch) -> bool:
    """Compare the encoders' gradients on one batch in bfloat16 and in float32.

    Compared in evaluation mode: a batch's own statistics in many batch norms make rounding grow,
    until the gradients of a deep encoder agree no more, which does not harm training. In training
    mode they must be finite. Works on a copy, as `choose_bfloat16`.
    """
    trained = _gradient(network, batch, bfloat16=True, training=True)
    reference, rounded = (_gradient(network, batch, b, training=False) for b in (False, True))
    if not bool(torch.isfinite(trained).all() and torch.isfinite(rounded).all()):
        log.warning("bfloat16 gives gradients that are not finite here; using float32")
        return False
    cosine = float(torch.nn.functional.cosine_similarity(reference, rounded, dim=0))
    if cosine < LEAST_COSINE:
        log.warning("bfloat16 gradients are off (cosine %.2f to float32); using float32", cosine)
        return False
    log.debug("bfloat16 gradients agree with float32 (cosine %.4f)", cosine)
    return True


def _name(device: torch.device) -> str:
    return "GPU" if device.type == "cuda" else "CPU"


def _gain(network: Network, batch: Batch) -> float:
    """How many times faster a step is in bfloat16."""
    trial = copy.deepcopy(network).train().requires_grad_()
    seconds = {False: float("inf"), True: float("inf")}
    for _ in range(TRIALS):  # in turn, so that both meet the same load; the first one warms up
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
    """Gradient of a fixed function of the features, all parameters in one vector."""
    trial = copy.deepcopy(network).train(training).requires_grad_()
    _backward(trial.encode(batch, bfloat16))
    parts = [p.grad.flatten().float() for p in trial.encoders.parameters() if p.grad is not None]
    return torch.cat(parts)


def _backward(features: Features) -> None:
    generator = torch.Generator().manual_seed(0)
    for rows in features.values():
        weights = torch.randn(rows.shape, generator=generator).to(rows)
        (rows * weights).mean().backward()
