"""Variants of a training step, named by a list of options such as "bfloat16, channels last".

float32, TF32, bfloat16 : precision of the encoders.
channels last : memory format of feature maps and weights.
cuDNN chooses : torch.backends.cudnn.benchmark.
planes : (1, k, k) and (k, 1, 1) convolutions computed in 2-D.
even widths : middle widths of (2+1)D convolutions (45, 230, 460, 921) rounded up to multiples of 8;
    this is another network, measured for its speed only.
deterministic : torch.use_deterministic_algorithms.
compiled : encoders compiled by torch.compile.
reduce-overhead : the same, with CUDA graphs.
CUDA graph : forward and backward captured as one graph.
"""

import math
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from bench_step import Step, counted_flops, matmul_rate, paper_network, timed
from gpu_parts.work import WIDENED, Row, Work, forget, peak_gib, why
from selavi.models.encoders import PlaneConv
from selavi.training.loss import heads_loss
from selavi.training.step import require_compiler

WARMUP, MIN_STEPS, SECONDS = 3, 5, 2.0  # warm-up steps; timed steps at least, and for how long
PRECISIONS = ("float32", "TF32", "bfloat16")


def set_modes(options: list[str]) -> None:
    """Set the global options: precision, choice of algorithms, planes."""
    tf32 = "float32" not in options
    # By the older API: torch refuses to mix it with the newer one.
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = "cuDNN chooses" in options
    deterministic = "deterministic" in options
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    PlaneConv.planar_devices = frozenset({"cpu", "cuda"} if "planes" in options else {"cpu"})


def build(work: Work, variant: str, batch: int) -> Callable[[], float]:
    """Build a function that makes a step and returns its loss."""
    options = variant.split(", ")
    set_modes(options)
    network = paper_network("channels last" in options, work.network)
    if WIDENED in options:
        widen(network)
    step = Step(network, work.clips(batch), "bfloat16" in options)
    if "compiled" in options or "reduce-overhead" in options:
        compile_encoders(work, step, "reduce-overhead" in options)
    return graphed(step) if "CUDA graph" in options else step


def widen(network: nn.Module) -> None:
    """Round up the middle widths of all (2+1)D convolutions to multiples of 8."""
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        layers = list(module)
        for n, first in enumerate(layers[:-3]):
            norm, last = layers[n + 1], layers[n + 3]
            if not (isinstance(first, nn.Conv3d) and isinstance(norm, nn.BatchNorm3d)):
                continue
            if isinstance(last, nn.Conv3d):
                width = -(-first.out_channels // 8) * 8
                module[n] = _like(first, first.in_channels, width)
                module[n + 1] = nn.BatchNorm3d(width)
                module[n + 3] = _like(last, width, last.out_channels)


def _like(conv: nn.Conv3d, inputs: int, outputs: int) -> nn.Conv3d:
    """A convolution with other widths and the same memory format."""
    copy = type(conv)(
        inputs, outputs, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None
    )
    nn.init.kaiming_normal_(copy.weight, mode="fan_out", nonlinearity="relu")
    if conv.weight.is_contiguous(memory_format=torch.channels_last_3d):
        copy.to(memory_format=torch.channels_last_3d)
    return copy


def compile_encoders(work: Work, step: Step, graphs: bool) -> None:
    """Compile as `machine.compile` does; on tiny shapes, trace only."""
    if not work.small:
        require_compiler(work.device)
    for encoder in step.network.encoders.values():
        if work.small and work.device.type == "cpu":
            encoder.compile(backend="eager")
        elif graphs:
            encoder.compile(mode="reduce-overhead")
        else:
            encoder.compile()
    if graphs:
        gradients = step.gradients

        def marked() -> torch.Tensor:
            torch.compiler.cudagraph_mark_step_begin()  # frees the outputs of the previous step
            return gradients()

        step.gradients = marked


def graphed(step: Step) -> Callable[[], float]:
    """Capture forward and backward as a CUDA graph; the update, whose rate changes, stays out."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # before the capture: cuDNN's choices, momentum buffers
        for _ in range(WARMUP):
            step.optimizer.zero_grad(set_to_none=True)
            forward_backward(step)
            step.optimizer.step()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    # The capture allocates gradients in the graph's memory; each replay overwrites them.
    step.optimizer.zero_grad(set_to_none=True)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = forward_backward(step)

    def replay() -> float:
        graph.replay()
        step.optimizer.step()
        return float(loss)

    return replay


def forward_backward(step: Step) -> torch.Tensor:
    """Compute gradients and return the loss, without synchronising, which a capture forbids."""
    _, logits = step.network(step.batch, step.bfloat16)
    losses = [heads_loss(rows.log_softmax(-1), step.labels) for rows in logits.values()]
    loss = torch.stack(losses).mean()
    loss.backward()
    return loss.detach()


def measure(work: Work, variant: str, batch: int, flops: float, rates: dict[str, float]) -> Row:
    """Measure clips per second of a variant, and its time over its floor; or report an error.

    Parameters
    ----------
    work : Work
        Options of the part.
    variant : str
        See the module.
    batch : int
        Clips per step.
    flops : float
        FLOPs per clip.
    rates : dict of str to float
        FLOP/s of a large matrix product, by precision.

    Returns
    -------
    dict
        The row.
    """
    row: Row = {"variant": variant, "batch": batch}
    forget(work.device)
    started = time.perf_counter()
    try:
        step = build(work, variant, batch)
        row["first_loss"] = round(step(), 4)
        row["start_seconds"] = round(time.perf_counter() - started, 1)
        for _ in range(1 if work.small else WARMUP):
            step()
        times: list[float] = []
        while len(times) < (2 if work.small else MIN_STEPS) or (
            sum(times) < SECONDS and not work.small
        ):
            times.append(timed(step, work.device))
        seconds = statistics.median(times)
        rate = next(rates[name] for name in PRECISIONS if name in variant)
        row["clips_per_second"] = round(batch / seconds, 2)
        row["tflops"] = round(flops * batch / seconds / 1e12, 2)
        row["times_floor"] = round(seconds / (flops * batch / rate), 2)
        loss = step()
        if not math.isfinite(loss):
            raise RuntimeError(f"the loss is {loss}")
        row["last_loss"] = round(loss, 4)
    except Exception as error:  # out of memory, compiler failure: the next variant may work
        row["error"] = why(error)
        row["out_of_memory"] = isinstance(error, torch.OutOfMemoryError)
    row["peak_gib"] = round(peak_gib(work.device), 2)
    step = None
    if "compiled" in variant or "reduce-overhead" in variant:
        torch.compiler.reset()
    set_modes(["float32"])
    forget(work.device)
    return row


def matmul_rates(work: Work) -> dict[str, float]:
    """FLOP/s of a large matrix product by precision, the best of several."""
    rates = {}
    for name in PRECISIONS:
        set_modes([name])
        dtype = torch.bfloat16 if name == "bfloat16" else torch.float32
        tries = 1 if work.device.type == "cpu" else 5
        rates[name] = max(matmul_rate(dtype, work.device) for _ in range(tries))
    return rates


def clip_flops(work: Work) -> float:
    """FLOPs of a step per clip, counted by PyTorch."""
    set_modes(["bfloat16"])
    return counted_flops(build(work, "bfloat16", 2)) / 2
