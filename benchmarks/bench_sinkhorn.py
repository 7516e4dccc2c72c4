"""Time per Sinkhorn-Knopp solve, to the same tolerance, from a log kernel in memory to labels.

Compared with (a) the textbook: float64, two products with the kernel per iteration; (b) POT's
`ot.sinkhorn`, with numpy or torch, whichever is faster, in float32 unless that fails numerically;
(c) the floor of any dense solver: one read of the float32 kernel per iteration. All start from the
same float32 log kernel and end with labels. Times are medians of three interleaved rounds. Memory
is what one solve, in its own process, adds to the peak of resident memory (VmHWM).

(a) and (b) make the same plain iterations. Their number is counted with our dense kernel, up to a
limit; a few of theirs are timed and multiplied. If the limit is reached, the result is "at least".

Synthetic posteriors: K unit centres in 64 dimensions, where siblings share half of a parent; a clip
is its centre plus noise, observed twice (video, audio), each with its own noise; its logits are its
products with the centres times a sharpness, log-normal over clips. Clips are drawn by marginals
that differ by 3% from the prescribed ones, as after some epochs of training on earlier labels.
"""

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numba
import numpy as np
import ot
import torch
from torch import Tensor

from selavi.compiled import in_threads
from selavi.labelling.marginals import match_by_rank
from selavi.labelling.sinkhorn import MatrixLogKernel, sinkhorn
from selavi.labelling.sinkhorn.dense import DenseKernel

SIZES = [(170_752, 309), (230_976, 400), (50_000, 309)]
STAGES = {"flat": (0.3, 0.3), "mid": (3.0, 0.8), "late": (8.0, 1.0)}  # sharpness: median, log-sd
LAMBDA, TOLERANCE, COUNT_LIMIT = 20.0, 1e-3, 400
TIMED = 40  # of POT's iterations: fewer drown in the noise of making its kernel
Backend = tuple[torch.dtype, str]


def posteriors(clips: int, clusters: int, stage: str) -> tuple[Tensor, Tensor]:
    """Log kernel (N, K) float32 and marginals (K,) float64."""
    random = torch.Generator().manual_seed(clips + clusters)
    normal = partial(torch.randn, generator=random)
    median, log_sd = STAGES[stage]
    parents = normal(clusters // 8, 64)
    centres = parents[torch.arange(clusters) % len(parents)] + normal(clusters, 64)
    centres /= centres.norm(dim=1, keepdim=True)
    sizes = (1 + 0.1 * normal(clusters)).clamp_min(0.05)
    drift = 1 + 0.03 * normal(clusters)
    truth = torch.multinomial(sizes * drift, clips, replacement=True, generator=random)
    clip = centres[truth] + normal(clips, 64) * 0.6 / 8
    sharpness = median * torch.exp(log_sd * normal(clips, 1))
    log_kernel = torch.zeros(clips, clusters)
    for _ in range(2):
        seen = sharpness * (clip + normal(clips, 64) * 0.6 / 8)
        for rows, out in zip(seen.split(8192), log_kernel.split(8192), strict=True):
            out += LAMBDA / 2 * (rows @ centres.T).log_softmax(1)
    marginals = (sizes / sizes.sum()).double().sort().values
    blocks = log_kernel.split(8192)
    soft_sizes = torch.stack([b.mul(2 / LAMBDA).exp().double().sum(0) for b in blocks]).sum(0)
    return log_kernel, match_by_rank(marginals, soft_sizes)


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Median time."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def plain_iterations(kernel: DenseKernel, log_alpha: np.ndarray, marginals: np.ndarray) -> int:
    """Iterations of plain Sinkhorn-Knopp from equal potentials; the kernel is at `log_alpha`."""
    shift = -log_alpha
    for number in range(1, COUNT_LIMIT + 1):
        sums = kernel.marginals(shift)
        if np.abs(sums / marginals - 1).max() <= TOLERANCE:
            return number
        shift = shift + np.log(marginals / np.maximum(sums, 1e-12))
    return COUNT_LIMIT


def textbook(log_kernel: Tensor, marginals: np.ndarray, iterations: int) -> tuple[float, float]:
    """Estimated seconds of the solve, and seconds per iteration."""
    start = time.perf_counter()
    kernel = log_kernel.numpy().astype(np.float64)
    kernel -= kernel.max(1, keepdims=True)
    np.exp(kernel, out=kernel)
    overhead = time.perf_counter() - start
    alpha = np.ones(len(marginals))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        beta = (1 / len(kernel)) / (kernel @ alpha)
        alpha = marginals / (kernel.T @ beta)
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    kernel *= alpha
    kernel.argmax(1)
    overhead += time.perf_counter() - start
    return overhead + iterations * float(np.median(times)), float(np.median(times))


def pot(log_kernel: Tensor, marginals: np.ndarray, iterations: int, backend: Backend) -> float:
    """Estimated seconds of `ot.sinkhorn`; infinite if it fails numerically.

    In float32 it stops with "numerical errors" if a cluster's column underflows.
    """
    start = time.perf_counter()
    cost = (log_kernel.amax(1, keepdim=True) - log_kernel).to(backend[0])
    rows = cost.new_full((len(cost),), 1 / len(cost))
    problem = (rows, torch.from_numpy(marginals).to(cost), cost)
    if backend[1] == "numpy":
        problem = tuple(array.numpy() for array in problem)
    overhead = time.perf_counter() - start
    times = []
    for count in (1, 2, 2 + TIMED):  # the first one warms up the memory
        start = time.perf_counter()
        plan, info = ot.sinkhorn(*problem, 1.0, numItermax=count, stopThr=0, warn=False, log=True)
        int(plan.argmax(1)[0])  # waits for a GPU
        times.append(time.perf_counter() - start)
        if info["niter"] < count - 1 or not np.isfinite(float(plan.sum())):
            return math.inf
        del plan
    each = max(0.0, (times[2] - times[1]) / TIMED)
    return overhead + times[1] + max(0, iterations - 2) * each


@numba.njit(nogil=True, fastmath=True)
def _read(kernel: np.ndarray, first: int, last: int) -> float:
    total = np.float32(0)
    for n in range(first, last):
        for k in range(kernel.shape[1]):
            total += kernel[n, k]
    return total


def dense_and_floor(kernel: DenseKernel) -> tuple[float, float]:
    """Milliseconds of one dense iteration, and of one read of its kernel; interleaved."""
    values, shift = kernel.values.numpy(), np.zeros(kernel.clusters)
    passes, reads = [], []
    in_threads(partial(_read, values), len(values))
    for _ in range(15):
        passes.append(seconds(lambda: kernel.marginals(shift), 1))
        reads.append(seconds(lambda: in_threads(partial(_read, values), len(values)), 1))
    return 1e3 * float(np.median(passes)), 1e3 * float(np.median(reads))


def peak_mebibytes(log_kernel: Tensor, marginals: Tensor) -> float:
    """Peak memory of a solve beyond its log kernel, in MiB, measured in its own process (Linux)."""
    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        torch.save((log_kernel, marginals), file.name)
        command = [sys.executable, __file__, "--peak", file.name]
        threads = ["--threads", str(torch.get_num_threads())]
        process = subprocess.run([*command, *threads], check=True, capture_output=True, text=True)
    return float(process.stdout)


def print_peak(problem: Path) -> None:
    """Print by how much one solve raises the peak of resident memory, in MiB (Linux)."""
    for stage in STAGES:  # compile
        sinkhorn(*posteriors(2_000, 309, stage), TOLERANCE)
    log_kernel, marginals = torch.load(problem)
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM to the current RSS

    def peak() -> int:
        return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])

    before = peak()
    sinkhorn(log_kernel, marginals, TOLERANCE)
    print((peak() - before) / 1024)


def compare(clips: int, clusters: int, stage: str) -> dict[str, object]:
    """One row of the table."""
    log_kernel, marginals = posteriors(clips, clusters, stage)
    solve = partial(sinkhorn, log_kernel, marginals, TOLERANCE)
    output = solve()
    peak = peak_mebibytes(log_kernel, marginals)
    target, log_alpha = marginals.numpy(), output.log_alpha.numpy()
    kernel = DenseKernel(MatrixLogKernel(log_kernel), log_alpha)
    needed = plain_iterations(kernel, log_alpha, target)
    dense_ms, read_ms = dense_and_floor(kernel)
    del kernel
    for dtype in (torch.float32, torch.float64):
        backends = [(dtype, library) for library in ("torch", "numpy")]
        tried = {backend: pot(log_kernel, target, needed, backend) for backend in backends}
        fastest = min(tried, key=tried.__getitem__)
        if tried[fastest] < math.inf:
            break
    times = []
    for _ in range(3):
        mine = seconds(solve)
        times.append(
            (
                mine,
                *textbook(log_kernel, target, needed),
                pot(log_kernel, target, needed, fastest),
            )
        )
    ours, a, a_each, b = (float(np.median(column)) for column in zip(*times, strict=True))
    agree = None
    if clips == 50_000:  # float64 takes minutes at the larger sizes
        truth = sinkhorn(log_kernel.double(), marginals, 1e-5)
        agree = float((output.labels == truth.labels).double().mean())
    row: dict[str, object] = {
        "clips": clips, "clusters": clusters, "stage": stage, "solver": output.solver,
        "density": output.density, "iterations": output.iterations,
        "marginal_error": output.marginal_error, "seconds": ours, "peak_mib": peak,
        "plain_iterations": needed,
        "textbook_seconds": a, "textbook_ms_per_iteration": 1e3 * a_each, "pot_seconds": b,
        "dense_ms": dense_ms, "read_ms": read_ms, "agreement_with_float64": agree,
        "ratio": a / ours, "ratio_pot": b / ours, "floor_ratio": dense_ms / read_ms,
    }  # fmt: skip
    most = "at least " if needed == COUNT_LIMIT else ""
    print(
        f"N {clips:>7} K {clusters} {stage:>5}: {ours:6.3f} s {output.solver} "
        f"(density {output.density:.2%}, {output.iterations} iterations, "
        f"marginal error {output.marginal_error:.1e}, {peak:.0f} MiB beyond the log kernel); "
        f"textbook {most}{a:.2f} s = {most}{a / ours:.1f}x "
        f"({most}{needed} iterations, {1e3 * a_each:.0f} ms each); POT {most}{b:.2f} s = "
        f"{b / ours:.1f}x; a dense iteration {dense_ms:.1f} ms, one read {read_ms:.1f} ms"
        + (f"; labels as in float64 {agree:.3%}" if agree is not None else ""),
        flush=True,
    )
    return row


def main() -> None:
    """Print the table, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peak", type=Path, help="only measure the memory of this problem file")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.peak:
        print_peak(options.peak)
        return
    warnings.simplefilter("ignore")  # POT warns that it has not converged
    for stage in STAGES:  # compile
        sinkhorn(*posteriors(2_000, 309, stage), TOLERANCE)
    rows = [compare(*size, stage) for size in SIZES for stage in STAGES]
    main_row = next(r for r in rows if (r["clips"], r["stage"]) == (170_752, "late"))
    print(
        json.dumps(
            {
                "benchmark": "sinkhorn",
                "ratio": main_row["ratio"],
                "against": "textbook float64, late-training posteriors, N = 170,752, K = 309",
                "floor_ratio": main_row["floor_ratio"],
                "rows": rows,
            }
        )
    )


if __name__ == "__main__":
    main()
