"""Predict the cost of the stages assign, map and baselines."""

from collections.abc import Iterator
from dataclasses import replace

from selavi.estimates.cost import Cost, Seconds, cost
from selavi.estimates.workload import Workload
from selavi.evaluation.clip_map import umap_seconds

ROW_BYTES, HEAD_BYTES = 100, 24  # of a clip's assignments, and of a head's part, as CSV and pickle
MAP_BYTES = 72  # of a clip: its id and position


def assign_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each run with a network, a pass over all splits of its dataset.

    Parameters
    ----------
    workload : Workload
        The configuration, with its videos.

    Yields
    ------
    Cost
        Of one run.
    """
    for name in workload.config.networks:
        run = workload.config.runs[name]
        clips = _all_clips(workload, run.dataset)
        heads = run.network.heads * len(run.network.levels(clips))
        stored = clips * (ROW_BYTES + 3 * heads * HEAD_BYTES)
        yield cost(name, "assign", workload.rate(name).infer * clips, stored)


def map_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each run, a pass of its network over its training clips, and UMAP.

    See `assign_costs`.
    """
    for name, run in workload.config.runs.items():
        clips = workload.clips(run.dataset, "train")
        infer = workload.rate(name).infer if run.method == "selavi" else Seconds(0.0, 0.0)
        passed = cost(name, "map", infer * clips, clips * MAP_BYTES)
        hours = umap_seconds(clips) / 3600
        yield replace(passed, cpu_hours=passed.cpu_hours + hours, serial_hours=hours)


def baselines_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each run with baselines, a pass over all its clips, decoded twice.

    See `assign_costs`.
    """
    settings = workload.config.baselines
    for name in workload.config.networks if settings.runs is None else settings.runs:
        clips = _all_clips(workload, workload.config.runs[name].dataset)
        infer = workload.rate(name).infer
        yield cost(name, "baselines", Seconds(2 * infer.cpu, infer.device) * clips, 0)


def _all_clips(workload: Workload, dataset: str) -> int:
    splits = workload.config.datasets[dataset].splits
    return sum(workload.clips(dataset, split) for split in splits)
