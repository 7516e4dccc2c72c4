"""What a configuration will cost: hours of CPU and GPU, and disk, for each stage."""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from selavi.labelling.schedule import relabelling_steps
from selavi.preflight.costs import Cost, Seconds, cost
from selavi.preflight.evaluation_costs import (
    Planned,
    degrade_costs,
    finetune_costs,
    retrieval_costs,
    what_sets_the_speed,
)
from selavi.preflight.samples import Sample, StoredRate
from selavi.preflight.sources import Source, source_of
from selavi.preflight.timing import ClipRate, clip_rate
from selavi.rate_cache import RateCache
from selavi.settings import Config, RunSettings, parent_of

log = logging.getLogger(__name__)


CLIP_RATE = TypeAdapter(ClipRate)


def estimate(config: Config, cache: RateCache | None = None) -> list[Cost]:
    """Measure a few videos of each dataset and a few steps of each run, and multiply.

    Where all splits are shards made before, nothing can be measured and the runs are left out.

    cache : rates measured on this machine before; by default, those kept for this user.

    Raises
    ------
    UserError if a dataset is not there, or the sample of it cannot be used.
    """
    cache = cache or RateCache()
    costs: list[Cost] = []
    samples: dict[str, Sample] = {}
    sources = {
        f"{name}/{split}": source_of(config, name, split)
        for name, dataset in config.datasets.items()
        for split in dataset.splits
    }
    with tempfile.TemporaryDirectory(prefix="selavi-") as scratch:
        for name, dataset in config.datasets.items():
            sample = Sample.of(dataset, Path(tempfile.mkdtemp(dir=scratch)))
            if sample:
                samples[name] = sample
            rate = sample.rate(cache) if sample else None
            costs += _dataset_costs(config, name, sources, rate)
        if not samples:
            log.warning(
                "no split has videos of its own to measure with: nothing but the shards to fetch "
                "is told, what the runs will take is not estimated"
            )
            return costs
        planned = Planned(
            config,
            clips=lambda dataset, split: _clips(config, dataset, split, sources),
            sample=lambda dataset: samples.get(dataset) or next(iter(samples.values())),
            rates={},
            cache=cache,
        )
        speeds: dict[str, ClipRate] = {}
        for name, run in config.runs.items():
            speed = what_sets_the_speed(run)
            if speed not in speeds:
                speeds[speed] = _run_rate(planned, name, run)
            planned.rates[name] = speeds[speed]
            costs += _run_costs(planned, name, run)
        for judging in (degrade_costs, retrieval_costs, finetune_costs):
            costs += judging(planned)
    return costs


def _run_rate(planned: Planned, name: str, run: RunSettings) -> ClipRate:
    sample = planned.sample(run.dataset)

    def measure() -> ClipRate:
        log.info("measuring a step of run %s", name)
        return clip_rate(sample.index, run)

    key = ("train", sample.key, what_sets_the_speed(run), run.network)
    return planned.cache.get(CLIP_RATE, key, measure)


def _dataset_costs(
    config: Config, name: str, sources: dict[str, Source], rate: StoredRate | None
) -> Iterator[Cost]:
    videos = stored = 0.0
    for split in config.datasets[name].splits:
        source = sources[f"{name}/{split}"]
        stored += source.stored
        if rate and source.videos:
            videos += source.videos
    if rate:
        stored += videos * rate.stored
        yield Cost(name, "shard", videos * rate.cpu_seconds / 3600, 0.0, stored)
    elif stored:
        yield Cost(name, "import-shards", 0.0, 0.0, stored)


def _run_costs(planned: Planned, name: str, run: RunSettings) -> Iterator[Cost]:
    rate, clips = planned.rates[name], planned.clips(run.dataset, "train")
    training, labelling = run.training, run.labelling
    steps = training.epochs * max(1, clips // training.batch_size)
    relabellings = len(relabelling_steps(labelling.optimisations, labelling.power, steps))
    if labelling.source == "pass":
        looks = relabellings * labelling.groups
    else:  # the first group's features come from training itself
        looks = training.epochs * (labelling.groups - 1) + labelling.groups
    kept = labelling.groups * rate.features if labelling.source == "epoch" else 0
    save = 2 * rate.parameters + clips * (kept + 8 * run.network.heads)
    state = (run.machine.checkpoints_kept + 1) * save  # one is written before the oldest goes
    seconds = (rate.train * training.epochs + rate.look * looks) * clips
    yield cost(name, "pretrain", seconds, rate.parameters + state)
    splits = planned.config.datasets[run.dataset].splits
    everyone = sum(planned.clips(run.dataset, split) for split in splits)
    tables = everyone * (100 + 3 * run.network.heads * 24)
    yield cost(name, "assign", rate.look * everyone, tables)
    twice = Seconds(2 * rate.look.cpu, rate.look.device)
    compared = planned.config.baselines.runs
    if compared is None or name in compared:
        yield cost(name, "baselines", twice * everyone, 0)


def _clips(config: Config, dataset: str, split: str, sources: dict[str, Source]) -> int:
    """Clips of a split; of one that is chosen from another at most that one's, else 0."""
    found = sources[f"{dataset}/{split}"].videos
    if found is not None:
        return found
    parent = parent_of(dataset, config.datasets[dataset].splits[split])
    return _clips(config, *parent, sources) if parent else 0
