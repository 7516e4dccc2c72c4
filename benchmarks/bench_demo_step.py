"""Clips per second of the demo's training step, and where its time goes.

`make demo` makes 1,600 such steps: forward, backward and update of 32 clips with the narrow
encoders and four heads per modality, and a forward pass of a second view for the second head group.
Batches come from shards of 100 of the demo's videos, made here.

Compared, interleaved (medians): the step of the package, and a plain step, the same arithmetic as a
usual PyTorch script has it: float32, one modality after the other in one graph, all threads in each
operator. The floor is the time of the step's multiplications, counted by PyTorch, at the measured
rate of one matrix product per thread.

    python benchmarks/bench_demo_step.py [--rounds 10] [--threads 2] [--precision auto]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from bench_relabel import small_clips
from selavi.batch import Batch
from selavi.data.dataset import Clips
from selavi.data.sampling import training_batches
from selavi.engine.process_group import Group
from selavi.models.checkpoint import build_network
from selavi.models.network import Network
from selavi.models.precision import choose_bfloat16
from selavi.settings import RunSettings
from selavi.training.loss import heads_loss
from selavi.training.optim import make_optimizer
from selavi.training.step import Learner

Pair = tuple[Batch, Batch]
CPU = torch.device("cpu")


def main() -> None:
    """Measure and print the results; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="timed steps of each (default: 10)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--precision", choices=["auto", "float32", "bfloat16"], default="auto")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clips, settings = small_clips(Path(folder))
        clips = replace(clips, cache_gb=settings.machine.cache_gb)
        pairs = list(islice(pairs_of_views(clips, settings), 3))
        loading = loading_seconds(clips, settings)
    plain = plain_step(settings)
    torch.manual_seed(0)
    network = build_network(settings).train()
    bfloat16 = choose_bfloat16(network, pairs[0][0], options.precision, Group(0, 1, CPU))
    torch.set_num_threads(options.threads)
    learner = Learner(network, Group(0, 1, CPU), settings.machine.compile)
    optimizer = make_optimizer(network.parameters(), settings.training)
    labels = torch.zeros(len(pairs[0][0].sample), settings.network.heads, dtype=torch.int64)

    def learn(pair: Pair) -> None:
        optimizer.zero_grad(set_to_none=True)
        learner.gradients(pair[0], labels, 1.0, True, bfloat16, [pair[1]])
        optimizer.step()

    with FlopCounterMode(display=False) as counter:
        plain(pairs[0])
    seconds: dict[str, list[float]] = {"ours": [], "plain": [], "floor": []}
    for number in range(options.rounds + 1):
        pair = pairs[number % len(pairs)]
        ours = timed(partial(learn, pair))
        floor = counter.get_total_flops() / matmul_rate(bfloat16, options.threads)
        torch.set_num_threads(options.threads)
        others = timed(partial(plain, pair))
        if number:  # the first round warms up
            for name, value in zip(seconds, (ours, others, floor), strict=True):
                seconds[name].append(value)
    torch.set_num_threads(1)
    parts = shares(network, optimizer, pairs, labels, bfloat16)
    parts["loader"] = loading
    report(seconds, parts, counter.get_total_flops(), options.threads, bfloat16, len(labels))


def pairs_of_views(clips: Clips, settings: RunSettings):
    """Batches of two views of the same clips."""
    for epoch in range(2):
        for batch in training_batches(
            clips, seed=0, epoch=epoch, views=2, batch_size=settings.training.batch_size
        ):
            first, second = batch.by_view(2)
            yield first, second


def loading_seconds(clips: Clips, settings: RunSettings) -> float:
    """CPU seconds to make a step's two views from cached frames, in one process."""
    for epoch in range(3):  # the first one decodes
        before, steps = time.process_time(), 0
        for _ in training_batches(
            clips, seed=1, epoch=epoch, views=2, batch_size=settings.training.batch_size
        ):
            steps += 1
        seconds = (time.process_time() - before) / steps
    return seconds


def plain_step(settings: RunSettings) -> Callable[[Pair], None]:
    """The step as a usual PyTorch script has it."""
    torch.manual_seed(0)
    network = build_network(settings).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-5)
    labels = torch.zeros(settings.training.batch_size, settings.network.heads, dtype=torch.int64)

    def step(pair: Pair) -> None:
        optimizer.zero_grad(set_to_none=True)
        _, logits = network(pair[0])
        torch.stack(
            [heads_loss(rows.log_softmax(-1), labels) for rows in logits.values()]
        ).mean().backward()
        network.eval()
        with torch.no_grad():
            network.encode(pair[1])
        network.train()
        optimizer.step()

    return step


def shares(
    network: Network,
    optimizer: torch.optim.Optimizer,
    pairs: list[Pair],
    labels: torch.Tensor,
    bfloat16: bool,
) -> dict[str, float]:
    """Seconds of each part of a step alone, in one thread."""

    def encoder(name: str) -> Callable[[], None]:
        return lambda: network.encode(pairs[0][0], bfloat16, [name])[name].sum().backward()

    def heads() -> None:
        for name, rows in features.items():
            heads_loss(network.logits(name, rows, seed=0).log_softmax(-1), labels).backward()

    @torch.no_grad()
    def view() -> None:
        network.encode(pairs[0][1], bfloat16)

    features = {name: torch.randn(len(labels), 128) for name in network.modalities}
    parts: dict[str, Callable[[], None]] = {
        f"{name} encoder, forward and backward": encoder(name) for name in network.modalities
    }
    parts |= {"heads": heads, "second view, forward": view, "update": optimizer.step}
    seconds = {}
    for name, part in parts.items():
        network.train(name != "second view, forward")
        seconds[name] = statistics.median(timed(part) for _ in range(7))
    return seconds


def matmul_rate(bfloat16: bool, threads: int) -> float:
    """FLOP/s of concurrent matrix products, one per thread."""
    side, dtype = 1024, torch.bfloat16 if bfloat16 else torch.float32
    a = torch.randn(side, side).to(dtype)
    torch.set_num_threads(1)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: a @ a, range(threads)))
        seconds = timed(lambda: list(pool.map(lambda _: [a @ a for _ in range(4)], range(threads))))
    return 4 * threads * 2 * side**3 / seconds


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def report(
    seconds: dict[str, list[float]],
    parts: dict[str, float],
    flops: int,
    threads: int,
    bfloat16: bool,
    batch: int,
) -> None:
    """Print the table, and the JSON line."""
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    precision = "bfloat16" if bfloat16 else "float32"
    print(
        f"{batch} clips a step, {threads} threads, {precision}, "
        f"{flops / batch / 1e6:.0f} MFLOP a clip, {torch.backends.cpu.get_cpu_capability()}"
    )
    for name, median in medians.items():
        print(
            f"{name:40} {batch / median:8.1f} clips/s  {1000 * median:7.1f} ms "
            f"({1000 * min(seconds[name]):.1f} to {1000 * max(seconds[name]):.1f})"
        )
    print("each part alone, in one thread:")
    for name, part_seconds in parts.items():
        print(f"{name:40} {1000 * part_seconds:7.1f} ms  {part_seconds / sum(parts.values()):6.1%}")
    result = {
        "benchmark": "demo_step",
        "ratio": round(medians["plain"] / medians["ours"], 2),
        "against": f"the plain step in float32 with {threads} threads in every operator",
        "floor_ratio": round(medians["ours"] / medians["floor"], 2),
        "floor": f"the step's FLOPs at {threads} threads' matrix product rate in {precision}",
        "clips_per_second": round(batch / medians["ours"], 1),
        "precision": precision,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
