"""Predict the cost of the stage degrade, and of assigning the degraded clips."""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from selavi.estimates.cost import Cost, Seconds, cost
from selavi.estimates.timing import cpu_seconds
from selavi.estimates.workload import VideoRate, Workload
from selavi.evaluation.cost import ROW_BYTES
from selavi.evaluation.evaluate_degraded import degrade
from selavi.settings import AudioLevel, VideoLevel

log = logging.getLogger("selavi.estimates.degrade")  # `selavi estimate` mutes selavi.evaluation

RATE = TypeAdapter(VideoRate)


def degrade_costs(workload: Workload) -> Iterator[Cost]:
    """Predict the degraded clips of each dataset, made once, and their passes for each run.

    Parameters
    ----------
    workload : Workload
        The configuration, with its videos.

    Yields
    ------
    Cost
        Of one dataset or run.
    """
    settings, runs = workload.config.degrade, workload.config.runs
    levels: dict[str, dict[str, VideoLevel | AudioLevel]] = {}
    for name in settings.runs:
        of_run = [level for m in runs[name].modalities for level in getattr(settings, m)]
        levels.setdefault(runs[name].dataset, {}).update({level.name: level for level in of_run})
        clips = len(of_run) * workload.clips(runs[name].dataset, settings.split)
        yield cost(name, "assign-degraded", workload.rate(name).infer * clips, ROW_BYTES * clips)
    for dataset, by_name in levels.items():
        clips = workload.clips(dataset, settings.split)
        rates = [_level_rate(workload, dataset, level) for level in by_name.values()]
        seconds = Seconds(clips * sum(rate.cpu_seconds for rate in rates), 0)
        yield cost(dataset, "degrade", seconds, clips * sum(rate.stored for rate in rates))


def _level_rate(workload: Workload, dataset: str, level: VideoLevel | AudioLevel) -> VideoRate:
    sample = workload.sample(dataset)

    def measure() -> VideoRate:
        log.info("re-encoding a few videos of %s at level %s", dataset, level.name)
        with tempfile.TemporaryDirectory(prefix="selavi-") as scratch:
            tar = Path(scratch) / f"{level.name}.tar"
            before = cpu_seconds()
            clips = len(degrade(sample.index, level, tar, tar.with_suffix(".csv")))
            return VideoRate((cpu_seconds() - before) / clips, tar.stat().st_size / clips)

    return workload.cache.get(RATE, ("degrade", sample.key, level), measure)
