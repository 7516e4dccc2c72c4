"""Sinkhorn-Knopp on the GPU, against the CPU and against POT on the same GPU."""

import warnings
from functools import partial

import torch

from gpu_parts.work import Row, Work, forget, peak_gib, synchronise

STAGES = ("late", "mid", "flat")
CLIPS, SMALL_CLIPS = 170_752, 3_000


def run(work: Work) -> None:
    """A row for each kind of posteriors, those of late training first."""
    warnings.simplefilter("ignore")  # POT warns that it has not converged
    for stage in STAGES:
        work.tell(compare(work, stage))


def compare(work: Work, stage: str) -> Row:
    """Seconds of a solve on both, whether labels are the same, and POT's plain iterations."""
    # Here: POT is a dependency of the tests, and other parts do without.
    from bench_sinkhorn import COUNT_LIMIT, TOLERANCE, plain_iterations, posteriors, pot, seconds
    from selavi.labelling.sinkhorn.dense import DenseKernel
    from selavi.labelling.sinkhorn.front import sinkhorn
    from selavi.labelling.sinkhorn.log_kernel import Matrix

    clips, clusters = (SMALL_CLIPS, 40) if work.small else (CLIPS, 309)
    scores, shares = posteriors(clips, clusters, stage)
    there = scores.to(work.device)
    forget(work.device)

    def on_device() -> torch.Tensor:
        labels = sinkhorn(there, shares, TOLERANCE).labels
        synchronise(work.device)
        return labels

    labels = on_device()
    device_seconds, peak = seconds(on_device), peak_gib(work.device)
    solve = partial(sinkhorn, scores, shares, TOLERANCE)
    found = solve()
    row: Row = {
        "stage": stage, "clips": clips, "clusters": clusters,
        "device_seconds": round(device_seconds, 4),
        "cpu_seconds": round(seconds(solve), 4), "cpu_threads": torch.get_num_threads(),
        "same_labels": round(float((labels.cpu() == found.labels).double().mean()), 6),
        "peak_gib": round(peak, 3),
    }  # fmt: skip
    target, alpha = shares.numpy(), found.alpha.numpy()
    needed = plain_iterations(DenseKernel(Matrix(there), alpha), alpha, target)
    row |= {"plain_iterations": needed, "limit": COUNT_LIMIT}
    for dtype in (torch.float32, torch.float64):
        taken = pot(there, target, needed, (dtype, "torch"))
        if taken < float("inf"):
            row |= {"pot_seconds": round(taken, 3), "times_pot": round(taken / device_seconds, 1)}
            row["pot_dtype"] = str(dtype).removeprefix("torch.")
            break
    return row
