"""Time per Sinkhorn-Knopp solve, to the same tolerance, from scores in memory to labels.

Against (a) the textbook: float64, two products with the kernel per iteration; (b) POT's
`ot.sinkhorn`, by numpy or torch, whichever is faster, in float32 unless that breaks down; (c) the
floor of any dense solver: one read of the float32 kernel per iteration. All make their kernel of
the same float32 scores and end with labels. Medians of three interleaved rounds. Memory: what one
solve, in a process of its own, adds to the most that it held at once (VmHWM).

(a) and (b) make the same plain iterations. How many they need is counted with our dense kernel, up
to a limit; a few of theirs are timed and multiplied. Where the limit is reached, "at least" holds.

Posteriors are made so: K unit centres in 64 dimensions, siblings sharing half of a parent; a clip
is its centre plus noise, seen twice (video, audio) with more noise of its own; its logits are its
products with the centres times a sharpness, log-normal over clips. Clips are drawn by shares that
differ by 3% from those asked for, as after some epochs of training on earlier labels.
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
from selavi.labelling.sinkhorn.dense import DenseKernel
from selavi.labelling.sinkhorn.front import sinkhorn
from selavi.labelling.sinkhorn.log_kernel import Matrix

SIZES = [(170_752, 309), (230_976, 400), (50_000, 309)]
STAGES = {"flat": (0.3, 0.3), "mid": (3.0, 0.8), "late": (8.0, 1.0)}  # sharpness: median, log-sd
LAMBDA, TOLERANCE, COUNT_LIMIT = 20.0, 1e-3, 400
TIMED = 40  # of POT's iterations: fewer drown in the noise of making its kernel
Backend = tuple[torch.dtype, str]


def posteriors(clips: int, clusters: int, stage: str) -> tuple[Tensor, Tensor]:
    """Scores (N, K) float32 and shares (K,) float64."""
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
    scores = torch.zeros(clips, clusters)
    for _ in range(2):
        seen = sharpness * (clip + normal(clips, 64) * 0.6 / 8)
        for rows, out in zip(seen.split(8192), scores.split(8192), strict=True):
            out += LAMBDA / 2 * (rows @ centres.T).log_softmax(1)
    shares = (sizes / sizes.sum()).double().sort().values
    mass = torch.stack([b.mul(2 / LAMBDA).exp().double().sum(0) for b in scores.split(8192)]).sum(0)
    return scores, match_by_rank(shares, mass)


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Median time."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def plain_iterations(kernel: DenseKernel, alpha: np.ndarray, shares: np.ndarray) -> int:
    """Iterations of plain Sinkhorn-Knopp from equal potentials; the kernel has `alpha` in it."""
    shift = -alpha
    for number in range(1, COUNT_LIMIT + 1):
        masses = kernel.masses(shift)
        if np.abs(masses / shares - 1).max() <= TOLERANCE:
            return number
        shift = shift + np.log(shares / np.maximum(masses, 1e-12))
    return COUNT_LIMIT


def textbook(scores: Tensor, shares: np.ndarray, iterations: int) -> tuple[float, float]:
    """Estimated seconds of the solve, and seconds per iteration."""
    start = time.perf_counter()
    kernel = scores.numpy().astype(np.float64)
    kernel -= kernel.max(1, keepdims=True)
    np.exp(kernel, out=kernel)
    around = time.perf_counter() - start
    alpha = np.ones(len(shares))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        beta = (1 / len(kernel)) / (kernel @ alpha)
        alpha = shares / (kernel.T @ beta)
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    kernel *= alpha
    kernel.argmax(1)
    around += time.perf_counter() - start
    return around + iterations * float(np.median(times)), float(np.median(times))


def pot(scores: Tensor, shares: np.ndarray, iterations: int, backend: Backend) -> float:
    """Estimated seconds of `ot.sinkhorn`; infinite if it breaks down.

    In float32 it stops with "numerical errors" where a cluster's column underflows.
    """
    start = time.perf_counter()
    cost = (scores.amax(1, keepdim=True) - scores).to(backend[0])
    rows = cost.new_full((len(cost),), 1 / len(cost))
    given = (rows, torch.from_numpy(shares).to(cost), cost)
    if backend[1] == "numpy":
        given = tuple(g.numpy() for g in given)
    around = time.perf_counter() - start
    times = []
    for count in (1, 2, 2 + TIMED):  # the first bears what memory costs when it is new
        start = time.perf_counter()
        plan, facts = ot.sinkhorn(*given, 1.0, numItermax=count, stopThr=0, warn=False, log=True)
        int(plan.argmax(1)[0])  # a GPU has its labels then, too
        times.append(time.perf_counter() - start)
        if facts["niter"] < count - 1 or not np.isfinite(float(plan.sum())):
            return math.inf
        del plan
    each = max(0.0, (times[2] - times[1]) / TIMED)
    return around + times[1] + max(0, iterations - 2) * each


@numba.njit(nogil=True, fastmath=True)
def _read(kernel: np.ndarray, first: int, last: int) -> float:
    total = np.float32(0)
    for n in range(first, last):
        for k in range(kernel.shape[1]):
            total += kernel[n, k]
    return total


def dense_and_floor(kernel: DenseKernel) -> tuple[float, float]:
    """Milliseconds of one dense iteration, and of reading its kernel once; interleaved."""
    values, still = kernel.values.numpy(), np.zeros(kernel.clusters)
    passes, reads = [], []
    in_threads(partial(_read, values), len(values))
    for _ in range(15):
        passes.append(seconds(lambda: kernel.masses(still), 1))
        reads.append(seconds(lambda: in_threads(partial(_read, values), len(values)), 1))
    return 1e3 * float(np.median(passes)), 1e3 * float(np.median(reads))


def peak_mebibytes(scores: Tensor, shares: Tensor) -> float:
    """What a solve holds at most beyond the scores, in MiB: of a process of its own (Linux)."""
    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        torch.save((scores, shares), file.name)
        command = [sys.executable, __file__, "--peak", file.name]
        threads = ["--threads", str(torch.get_num_threads())]
        done = subprocess.run([*command, *threads], check=True, capture_output=True, text=True)
    return float(done.stdout)


def print_peak(problem: Path) -> None:
    """Print by how much one solve raises the most memory resident at once, in MiB (Linux)."""
    for stage in STAGES:  # compile
        sinkhorn(*posteriors(2_000, 309, stage), TOLERANCE)
    scores, shares = torch.load(problem)
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark falls to what is held now

    def mark() -> int:
        return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])

    before = mark()
    sinkhorn(scores, shares, TOLERANCE)
    print((mark() - before) / 1024)


def compare(clips: int, clusters: int, stage: str) -> dict[str, object]:
    """One row of the table."""
    scores, shares = posteriors(clips, clusters, stage)
    solve = partial(sinkhorn, scores, shares, TOLERANCE)
    found = solve()
    peak = peak_mebibytes(scores, shares)
    target, alpha = shares.numpy(), found.alpha.numpy()
    kernel = DenseKernel(Matrix(scores), alpha)
    needed = plain_iterations(kernel, alpha, target)
    dense_ms, read_ms = dense_and_floor(kernel)
    del kernel
    for dtype in (torch.float32, torch.float64):
        tried = {(dtype, f): pot(scores, target, needed, (dtype, f)) for f in ("torch", "numpy")}
        fastest = min(tried, key=tried.__getitem__)
        if tried[fastest] < math.inf:
            break
    times = []
    for _ in range(3):
        mine = seconds(solve)
        times.append(
            (mine, *textbook(scores, target, needed), pot(scores, target, needed, fastest))
        )
    ours, a, a_each, b = (float(np.median(column)) for column in zip(*times, strict=True))
    agree = None
    if clips == 50_000:  # float64 at the others' size takes minutes
        truth = sinkhorn(scores.double(), shares, 1e-5)
        agree = float((found.labels == truth.labels).double().mean())
    row: dict[str, object] = {
        "clips": clips, "clusters": clusters, "stage": stage, "way": found.way,
        "kept": found.kept, "iterations": found.iterations, "deviation": found.deviation,
        "seconds": ours, "peak_mib": peak, "plain_iterations": needed,
        "textbook_seconds": a, "textbook_ms_per_iteration": 1e3 * a_each, "pot_seconds": b,
        "dense_ms": dense_ms, "read_ms": read_ms, "agreement_with_float64": agree,
        "ratio": a / ours, "ratio_pot": b / ours, "floor_ratio": dense_ms / read_ms,
    }  # fmt: skip
    most = "at least " if needed == COUNT_LIMIT else ""
    print(
        f"N {clips:>7} K {clusters} {stage:>5}: {ours:6.3f} s {found.way} "
        f"(kept {found.kept:.2%}, {found.iterations} iterations, off by {found.deviation:.1e}, "
        f"peak {peak:.0f} MiB beyond the scores); textbook {most}{a:.2f} s = {most}{a / ours:.1f}x "
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
    parser.add_argument("--peak", type=Path, help="measure the memory of this problem alone")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.peak:
        print_peak(given.peak)
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
