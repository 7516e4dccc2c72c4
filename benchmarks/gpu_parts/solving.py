"""Sinkhorn-Knopp on the GPU, compared with the CPU and with POT on the same GPU."""

import warnings
from functools import partial

import torch

from gpu_parts.work import Row, Work, forget, peak_gib, synchronise

STAGES = ("late", "mid", "flat")
CLIPS, SMALL_CLIPS = 170_752, 3_000


def run(work: Work) -> None:
    """Report a row for each kind of posteriors, those of late training first."""
    warnings.simplefilter("ignore")  # POT warns that it has not converged
    for stage in STAGES:
        work.tell(compare(work, stage))


def compare(work: Work, stage: str) -> Row:
    """Seconds of a solve on both devices, equality of labels, and POT's plain iterations."""
    # Imported here because POT is a test dependency that the other parts do not need.
    from bench_sinkhorn import COUNT_LIMIT, TOLERANCE, plain_iterations, posteriors, pot, seconds
    from selavi.labelling.sinkhorn import MatrixLogKernel, sinkhorn
    from selavi.labelling.sinkhorn.dense import DenseKernel

    clips, clusters = (SMALL_CLIPS, 40) if work.small else (CLIPS, 309)
    log_kernel, marginals = posteriors(clips, clusters, stage)
    on_device = log_kernel.to(work.device)
    forget(work.device)

    def solve_on_device() -> torch.Tensor:
        labels = sinkhorn(on_device, marginals, TOLERANCE).labels
        synchronise(work.device)
        return labels

    labels = solve_on_device()
    device_seconds, peak = seconds(solve_on_device), peak_gib(work.device)
    solve = partial(sinkhorn, log_kernel, marginals, TOLERANCE)
    output = solve()
    row: Row = {
        "stage": stage, "clips": clips, "clusters": clusters,
        "device_seconds": round(device_seconds, 4),
        "cpu_seconds": round(seconds(solve), 4), "cpu_threads": torch.get_num_threads(),
        "same_labels": round(float((labels.cpu() == output.labels).double().mean()), 6),
        "peak_gib": round(peak, 3),
    }  # fmt: skip
    target, log_alpha = marginals.numpy(), output.log_alpha.numpy()
    kernel = DenseKernel(MatrixLogKernel(on_device), log_alpha)
    needed = plain_iterations(kernel, log_alpha, target)
    row |= {"plain_iterations": needed, "limit": COUNT_LIMIT}
    for dtype in (torch.float32, torch.float64):
        pot_seconds = pot(on_device, target, needed, (dtype, "torch"))
        if pot_seconds < float("inf"):
            row["pot_seconds"] = round(pot_seconds, 3)
            row["times_pot"] = round(pot_seconds / device_seconds, 1)
            row["pot_dtype"] = str(dtype).removeprefix("torch.")
            break
    return row
