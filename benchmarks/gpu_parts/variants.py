"""A training step in many ways, each named by words, such as "bfloat16, channels last".

float32, TF32, bfloat16 : arithmetic of the encoders. channels last : of maps and weights.
cuDNN chooses : torch.backends.cudnn.benchmark. planes : (1, k, k) and (k, 1, 1) convolutions in two
dimensions. even widths : the middle widths of (2+1)D convolutions, among them 45, 230, 460 and 921,
rounded up to multiples of 8; another network, to see what that would bring. deterministic :
torch.use_deterministic_algorithms. compiled : the encoders by torch.compile. reduce-overhead : so,
with CUDA graphs. CUDA graph : forward and backward recorded once and played back.
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

WARMUP, LEAST, SECONDS = 3, 5, 2.0  # steps that do not count; that do, at least; and for how long
PRECISIONS = ("float32", "TF32", "bfloat16")


def set_modes(words: list[str]) -> None:
    """Set what is the whole process's: precision, choice of algorithms, planes."""
    tf32 = "float32" not in words
    # Both by their older names: torch refuses a mixture with the newer ones.
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = "cuDNN chooses" in words
    deterministic = "deterministic" in words
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    PlaneConv.in_planes_on = frozenset({"cpu", "cuda"} if "planes" in words else {"cpu"})


def build(work: Work, variant: str, batch: int) -> Callable[[], float]:
    """A function that makes a step and returns its loss. Raises what torch raises."""
    words = variant.split(", ")
    set_modes(words)
    network = paper_network("channels last" in words, work.network)
    if WIDENED in words:
        widen(network)
    step = Step(network, work.clips(batch), "bfloat16" in words)
    if "compiled" in words or "reduce-overhead" in words:
        compile_encoders(work, step, "reduce-overhead" in words)
    return graphed(step) if "CUDA graph" in words else step


def widen(network: nn.Module) -> None:
    """Round up the middle widths of all (2+1)D convolutions to multiples of 8."""
    for part in network.modules():
        if not isinstance(part, nn.Sequential):
            continue
        layers = list(part)
        for place, first in enumerate(layers[:-3]):
            norm, last = layers[place + 1], layers[place + 3]
            if not (isinstance(first, nn.Conv3d) and isinstance(norm, nn.BatchNorm3d)):
                continue
            if isinstance(last, nn.Conv3d):
                width = -(-first.out_channels // 8) * 8
                part[place] = _like(first, first.in_channels, width)
                part[place + 1] = nn.BatchNorm3d(width)
                part[place + 3] = _like(last, width, last.out_channels)


def _like(conv: nn.Conv3d, inputs: int, outputs: int) -> nn.Conv3d:
    """The same convolution of other widths, its weights in the same layout."""
    made = type(conv)(
        inputs, outputs, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None
    )
    nn.init.kaiming_normal_(made.weight, mode="fan_out", nonlinearity="relu")
    if conv.weight.is_contiguous(memory_format=torch.channels_last_3d):
        made.to(memory_format=torch.channels_last_3d)
    return made


def compile_encoders(work: Work, step: Step, graphs: bool) -> None:
    """Compile as `machine.compile` does; the small form traces and leaves out the compiler."""
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
            torch.compiler.cudagraph_mark_step_begin()  # what the step before gave may be reused
            return gradients()

        step.gradients = marked


def graphed(step: Step) -> Callable[[], float]:
    """Forward and backward as one CUDA graph; the update, whose rate changes, stays outside."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # outside the recording: cuDNN's choices, momentum
        for _ in range(WARMUP):
            step.optimizer.zero_grad(set_to_none=True)
            forward_backward(step)
            step.optimizer.step()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    # Gradients are born in the graph's own memory; each playback overwrites them.
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
    """The loss, after its gradients: the network's own work, with nothing that a graph forbids."""
    _, logits = step.network(step.batch, step.bfloat16)
    losses = [heads_loss(rows, step.labels) for rows in logits.values()]
    loss = torch.stack(losses).mean()
    loss.backward()
    return loss.detach()


def measure(work: Work, variant: str, batch: int, flops: float, rates: dict[str, float]) -> Row:
    """Clips per second of a variant, and how that stands to its floor; or why there are none.

    flops : of a clip. rates : FLOP/s of a large matrix product, by precision.
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
        while len(times) < (2 if work.small else LEAST) or (
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
            raise RuntimeError(f"the loss has become {loss}")
        row["last_loss"] = round(loss, 4)
    except Exception as error:  # a lack of memory, a failing compiler: the next may do
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
    """FLOP/s of a large matrix product, by precision: the best of some."""
    rates = {}
    for name in PRECISIONS:
        set_modes([name])
        dtype = torch.bfloat16 if name == "bfloat16" else torch.float32
        tries = 1 if work.device.type == "cpu" else 5
        rates[name] = max(matmul_rate(dtype, work.device) for _ in range(tries))
    return rates


def clip_flops(work: Work) -> float:
    """FLOPs of a step, counted by PyTorch, per clip."""
    set_modes(["bfloat16"])
    return counted_flops(build(work, "bfloat16", 2)) / 2
