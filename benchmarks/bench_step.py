"""Clips per second of a training step of the paper's networks, by option.

A step is forward, backward and update of R(2+1)D-18 and ResNet-9 with ten heads of 309 clusters
each, on random clips of 30 x 112 x 112 and 257 x 99. Options, alone and combined, are compared with
the plain step (float32, contiguous) in interleaved rounds, by medians. The floor is the time of the
step's multiplications, counted by PyTorch, at the measured rate of a large matrix product.

    python benchmarks/bench_step.py [--batch 2] [--rounds 3] [--threads 1] [--compile]

On a CPU, torch.compile is measured only with --compile, since compiling takes minutes.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from selavi.batch import Batch
from selavi.engine.process_group import Group
from selavi.models.network import Network
from selavi.settings import NetworkSettings, TrainingSettings
from selavi.training.optim import make_optimizer
from selavi.training.step import Learner

NETWORK = NetworkSettings(dropout=0.0)
PLAIN = "float32, contiguous"
TOGETHER = "bfloat16 + channels last"


def main() -> None:
    """Measure and print the results; the last line is JSON."""
    cuda = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batch", type=int, default=64 if cuda else 2, help="clips of a step")
    parser.add_argument("--rounds", type=int, default=10 if cuda else 3, help="timed steps of each")
    parser.add_argument("--compile", action="store_true", default=cuda, help="torch.compile too")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if cuda else "cpu")
    batch = clips(options.batch, device)
    variants = {
        PLAIN: Step(paper_network(False), batch, bfloat16=False),
        "channels last": Step(paper_network(True), batch, bfloat16=False),
        "bfloat16": Step(paper_network(False), batch, bfloat16=True),
        TOGETHER: Step(paper_network(True), batch, bfloat16=True),
    }
    if options.compile:
        variants["compiled"] = Step(paper_network(False), batch, bfloat16=False, compiled=True)
        variants["all three"] = Step(paper_network(True), batch, bfloat16=True, compiled=True)
    flops = counted_flops(variants[PLAIN])
    losses = {name: step() for name, step in variants.items()}
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    rates: dict[torch.dtype, list[float]] = {torch.float32: [], torch.bfloat16: []}
    for _ in range(options.rounds):
        for name, step in variants.items():
            seconds[name].append(timed(step, device))
        for dtype, measured in rates.items():
            measured.append(matmul_rate(dtype, device))
    report(options.batch, flops, losses, seconds, rates)


def clips(
    count: int,
    device: torch.device,
    video: tuple[int, ...] = (3, 30, 112, 112),
    audio: tuple[int, ...] = (1, 257, 99),
) -> Batch:
    """Random clips, of the paper's shapes by default."""
    torch.manual_seed(0)
    return Batch(
        torch.arange(count, device=device),
        torch.randn(count, *video, device=device),
        torch.randn(count, *audio, device=device),
    )


def paper_network(channels_last: bool, settings: NetworkSettings = NETWORK) -> Network:
    """The network to measure, with fixed initial weights."""
    torch.manual_seed(0)
    return Network(settings, ["video", "audio"], 3, channels_last)


class Step:
    """A training step; a call makes one and returns its loss."""

    def __init__(
        self, network: Network, batch: Batch, bfloat16: bool, compiled: bool = False
    ) -> None:
        torch.manual_seed(0)
        device = batch.sample.device
        self.network, self.batch, self.bfloat16 = network.to(device).train(), batch, bfloat16
        self.learner = Learner(network, Group(0, 1, device), compiled)
        self.optimizer = make_optimizer(network.parameters(), TrainingSettings())
        settings = network.settings
        self.labels = torch.randint(
            0, settings.clusters, (len(batch.sample), settings.heads), device=device
        )

    def gradients(self) -> Tensor:
        """Forward and backward; returns the loss as a tensor."""
        result, _ = self.learner.gradients(
            self.batch, self.labels, 1.0, last=True, bfloat16=self.bfloat16
        )
        return torch.stack(list(result.losses.values())).mean()

    def __call__(self) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.gradients()
        self.optimizer.step()
        return float(loss)


def counted_flops(step: Step) -> int:
    """FLOPs of a step, counted by PyTorch in one thread, since it counts only the caller's."""
    lanes = step.learner.lanes
    pool, lanes.pool = lanes.pool, None
    with FlopCounterMode(display=False) as counter:
        step()
    lanes.pool = pool
    return int(counter.get_total_flops())


def timed(step: Callable[[], object], device: torch.device) -> float:
    """Seconds of one call, until the device has finished."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def matmul_rate(dtype: torch.dtype, device: torch.device) -> float:
    """FLOP/s of one large matrix product."""
    side = 8192 if device.type == "cuda" else 2048
    a = torch.randn(side, side, device=device, dtype=dtype)
    timed(lambda: a @ a, device)
    return 2 * side**3 / timed(lambda: a @ a, device)


def report(
    batch: int,
    flops: int,
    losses: dict[str, float],
    seconds: dict[str, list[float]],
    rates: dict[torch.dtype, list[float]],
) -> None:
    """Print the table, and the JSON line."""
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    floors = {dtype: flops / statistics.median(values) for dtype, values in rates.items()}
    best = "all three" if "all three" in medians else TOGETHER
    print(f"{batch} clips, {torch.get_num_threads()} threads, {flops / batch / 1e9:.0f} GFLOP/clip")
    for name, median in medians.items():
        in_bfloat16 = "bfloat16" in name or name == "all three"
        floor = floors[torch.bfloat16 if in_bfloat16 else torch.float32]
        print(
            f"{name:26} {batch / median:8.2f} clips/s  {medians[PLAIN] / median:5.2f} x plain  "
            f"{median / floor:5.2f} x its floor  {min(seconds[name]):.2f} to "
            f"{max(seconds[name]):.2f} s  first loss {losses[name]:.4f}"
        )
    for dtype, values in rates.items():
        print(f"matrix product in {dtype}: {statistics.median(values) / 1e9:.0f} GFLOP/s")
    result = {
        "benchmark": "step",
        "ratio": round(medians[PLAIN] / medians[best], 2),
        "against": f"plain step: {PLAIN}",
        "floor_ratio": round(medians[best] / floors[torch.bfloat16], 2),
        "floor": "the step's FLOPs at the measured bfloat16 matrix product rate",
        "ours": best,
        "clips_per_second": {name: round(batch / m, 3) for name, m in medians.items()},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
