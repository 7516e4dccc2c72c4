"""What a configuration will cost: hours of CPU and GPU, and disk, for each stage."""

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from selavi.files import UserError
from selavi.labelling.schedule import relabelling_steps
from selavi.preflight.rates import ClipRate, ShardRate, clip_rate, shard_rate
from selavi.preflight.sources import Source, sample_of, source_of
from selavi.settings import Config, RunSettings, parent_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cost:
    """Of one stage for one dataset or run: hours, and bytes that stay on the disk.

    Where this machine has no GPU, the network's time is CPU time.
    """

    what: str
    stage: str
    cpu_hours: float
    gpu_hours: float
    stored: float


def estimate(config: Config) -> list[Cost]:
    """Measure a few videos of each dataset and a few steps of each run, and multiply.

    Raises
    ------
    UserError if a dataset is not there, or the sample of it cannot be used.
    """
    costs: list[Cost] = []
    indexes: dict[str, Path] = {}
    sources = {
        f"{name}/{split}": source_of(dataset, split)
        for name, dataset in config.datasets.items()
        for split in dataset.splits
    }
    with tempfile.TemporaryDirectory(prefix="selavi-") as scratch:
        for name in config.datasets:
            rate = _measure_dataset(config, name, Path(tempfile.mkdtemp(dir=scratch)))
            if rate:
                indexes[name] = rate.index
            costs += _dataset_costs(config, name, sources, rate)
        rates: dict[str, ClipRate] = {}
        for name, run in config.runs.items():
            index = indexes.get(run.dataset) or next(iter(indexes.values()), None)
            if index is None:
                raise UserError("no split has videos of its own to measure with")
            speed = _what_sets_the_speed(run)
            if speed not in rates:
                log.info("measuring a step of run %s", name)
                rates[speed] = clip_rate(index, run)
            costs += _run_costs(config, name, run, sources, rates[speed])
    return costs


def _measure_dataset(config: Config, name: str, scratch: Path) -> ShardRate | None:
    dataset = config.datasets[name]
    for split in dataset.splits:
        rows = sample_of(dataset, split, scratch)
        if rows is not None:
            return shard_rate(rows, dataset.media, scratch)
    return None


def _what_sets_the_speed(run: RunSettings) -> str:
    """Equal for runs that take equally long for a clip: ablations are measured once."""
    encoders = (run.network.video_encoder, run.network.audio_encoder)
    return repr((run.modalities, run.video, run.audio, encoders, run.training.precision))


def _dataset_costs(
    config: Config, name: str, sources: dict[str, Source], rate: ShardRate | None
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
        yield Cost(name, "fetch", 0.0, 0.0, stored)


def _run_costs(
    config: Config, name: str, run: RunSettings, sources: dict[str, Source], rate: ClipRate
) -> Iterator[Cost]:
    clips = _clips(config, run.dataset, "train", sources)
    training, labelling = run.training, run.labelling
    steps = training.epochs * max(1, clips // training.batch_size)
    relabellings = len(relabelling_steps(labelling.optimisations, labelling.power, steps))
    if labelling.source == "pass":
        looks = relabellings * labelling.groups
    else:  # the first group's features come from training itself
        looks = training.epochs * (labelling.groups - 1) + labelling.groups
    kept = labelling.groups * rate.features if labelling.source == "epoch" else 0
    state = 2 * (2 * rate.parameters + clips * (kept + 8 * run.network.heads))  # old and new save
    yield _cost(
        name, "pretrain", clips * (training.epochs + looks) * rate.decode,
        clips * (training.epochs * rate.train + looks * rate.look), rate.parameters + state,
    )  # fmt: skip
    everyone = sum(
        _clips(config, run.dataset, s, sources) for s in config.datasets[run.dataset].splits
    )
    tables = everyone * (100 + 3 * run.network.heads * 24)
    yield _cost(name, "assign", everyone * rate.decode, everyone * rate.look, tables)
    yield _cost(name, "baselines", everyone * 2 * rate.decode, everyone * rate.look, 0)


def _cost(what: str, stage: str, cpu: float, device: float, stored: float) -> Cost:
    """Seconds of CPU and of the device, told as hours of what this machine has."""
    if torch.cuda.is_available():
        return Cost(what, stage, cpu / 3600, device / 3600, stored)
    threads = torch.get_num_threads()
    return Cost(what, stage, (cpu + threads * device) / 3600, 0.0, stored)


def _clips(config: Config, dataset: str, split: str, sources: dict[str, Source]) -> int:
    """Clips of a split; of one that is chosen from another at most that one's, else 0."""
    found = sources[f"{dataset}/{split}"].videos
    if found is not None:
        return found
    parent = parent_of(dataset, config.datasets[dataset].splits[split])
    return _clips(config, *parent, sources) if parent else 0
