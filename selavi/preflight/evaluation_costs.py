"""What the evaluations cost: degraded clips, retrieval and finetuning, measured on a few videos."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter
from torch import Tensor

from selavi.batch import Batch
from selavi.data.sampling import ViewGrid, training_batches, view_batches
from selavi.data.schema import read_index
from selavi.evaluation.evaluate_degraded import degrade
from selavi.evaluation.finetune.loop import finetune_clips
from selavi.evaluation.finetune.recogniser import Recogniser
from selavi.evaluation.predict import best_device
from selavi.evaluation.retrieval import compared, features_of_clips, retrieval_clips
from selavi.models.checkpoint import build_network
from selavi.models.precision import expects_bfloat16
from selavi.preflight.costs import Cost, Seconds, cost
from selavi.preflight.samples import Sample
from selavi.preflight.timing import (
    ClipRate,
    cpu_seconds,
    decoded,
    looking_seconds,
    training_seconds,
)
from selavi.rate_cache import RateCache
from selavi.settings import (
    AudioLevel,
    Config,
    FinetuneSettings,
    RetrievalSettings,
    RunSettings,
    VideoLevel,
    fold_splits,
)

log = logging.getLogger(__name__)

NEIGHBOURS_BYTES = 1000  # of a query's nearest videos in the table
DEGRADE_RATE = TypeAdapter(tuple[float, float])
RETRIEVAL_RATE = TypeAdapter(Seconds)
FINETUNE_RATES = TypeAdapter(tuple[Seconds, Seconds])
CLASSES = 100  # of the classifier that is timed: its part is nothing beside the encoder's


@dataclass(frozen=True)
class Planned:
    """What is known before: the configuration, and how many clips each split will have.

    sample : of a dataset's videos. rates : of each run. cache : of all rates.
    """

    config: Config
    clips: Callable[[str, str], int]
    sample: Callable[[str], Sample]
    rates: dict[str, ClipRate]
    cache: RateCache


def degrade_costs(planned: Planned) -> Iterator[Cost]:
    """Of making the degraded clips of each dataset, and of assigning them for each run."""
    settings, runs = planned.config.degrade, planned.config.runs
    levels: dict[str, dict[str, VideoLevel | AudioLevel]] = {}
    for name in settings.runs:
        heard = [level for m in runs[name].modalities for level in getattr(settings, m)]
        levels.setdefault(runs[name].dataset, {}).update({level.name: level for level in heard})
        clips = len(heard) * planned.clips(runs[name].dataset, settings.split)
        yield cost(name, "assign-degraded", planned.rates[name].look * clips, 100 * clips)
    for dataset, wanted in levels.items():
        clips = planned.clips(dataset, settings.split)
        made = [_degrade_rate(planned, dataset, level) for level in wanted.values()]
        seconds, stored = (clips * sum(column) for column in zip(*made, strict=True))
        yield cost(dataset, "degrade", Seconds(seconds, 0), stored)


def retrieval_costs(planned: Planned) -> Iterator[Cost]:
    """Of the features of every fold's videos; the search among them is little beside that."""
    settings = planned.config.retrieval

    def measure(index: Path, run: RunSettings) -> Seconds:
        return _retrieval_rate(index, run, settings)

    for name, folds in _folds(planned, settings, "retrieval", RETRIEVAL_RATE, measure):
        total = sum((rate * (gallery + queries) for rate, gallery, queries in folds), Seconds(0, 0))
        stored = NEIGHBOURS_BYTES * sum(queries for *_, queries in folds)
        yield cost(name, "retrieval", total, stored)


def finetune_costs(planned: Planned) -> Iterator[Cost]:
    """Of all epochs of training and testing on every fold; its weights and momenta stay."""
    settings = planned.config.finetune

    def measure(index: Path, run: RunSettings) -> tuple[Seconds, Seconds]:
        return _finetune_rates(index, run, settings)

    for name, folds in _folds(planned, settings, "finetuning", FINETUNE_RATES, measure):
        once = (
            learn * (settings.clips * train) + look * test for (learn, look), train, test in folds
        )
        total = sum(once, Seconds(0, 0)) * settings.epochs
        yield cost(name, "finetune", total, len(folds) * 2 * planned.rates[name].parameters)


Rate = TypeVar("Rate")


def _folds(
    planned: Planned,
    settings: RetrievalSettings | FinetuneSettings,
    stage: str,
    kind: TypeAdapter[Rate],
    measure: Callable[[Path, RunSettings], Rate],
) -> Iterator[tuple[str, list[tuple[Rate, int, int]]]]:
    """Every run, and for each of its folds the rate measured, training and test videos."""
    rates: dict[str, Rate] = {}
    for name in settings.runs:
        run, folds = planned.config.runs[name], []
        for dataset, numbers in settings.datasets.items():
            key = what_sets_the_speed(run) + dataset
            if key not in rates:
                rates[key] = planned.cache.get(
                    kind,
                    (stage, planned.sample(dataset).key, what_sets_the_speed(run), settings),
                    partial(_measured, planned, dataset, stage, run, measure),
                )
            for fold in numbers:
                train, test = (planned.clips(dataset, split) for split in fold_splits(fold))
                folds.append((rates[key], train, test))
        yield name, folds


def _measured(
    planned: Planned,
    dataset: str,
    stage: str,
    run: RunSettings,
    measure: Callable[[Path, RunSettings], Rate],
) -> Rate:
    log.info("looking at a few videos of %s as %s does", dataset, stage)
    return measure(planned.sample(dataset).index, run)


def what_sets_the_speed(run: RunSettings) -> str:
    """Equal for runs that take equally long for a clip: ablations are measured once."""
    encoders = (run.network.video_encoder, run.network.audio_encoder)
    return repr((run.modalities, run.video, run.audio, encoders, run.training.precision))


def _degrade_rate(
    planned: Planned, dataset: str, level: VideoLevel | AudioLevel
) -> tuple[float, float]:
    """CPU seconds and bytes of a clip."""
    sample = planned.sample(dataset)

    def measure() -> tuple[float, float]:
        log.info("encoding a few videos of %s again", dataset)
        with tempfile.TemporaryDirectory(prefix="selavi-") as scratch:
            tar = Path(scratch) / f"{level.name}.tar"
            before = cpu_seconds()
            made = degrade(sample.index, level, tar, tar.with_suffix(".csv"))
            return (cpu_seconds() - before) / len(made), tar.stat().st_size / len(made)

    return planned.cache.get(DEGRADE_RATE, ("degrade", sample.key, level), measure)


def _retrieval_rate(index: Path, run: RunSettings, settings: RetrievalSettings) -> Seconds:
    """Of a video, all its clips."""
    table = read_index(index)
    modalities, _ = compared(run, [table])
    clips = retrieval_clips(table, index, run, settings, modalities)
    views = ViewGrid(settings.clips, crops=1)
    batch, cpu = decoded(lambda turn: view_batches(clips, views=views, batch_size=1))
    network = build_network(run).to(best_device())
    device = looking_seconds(
        network, lambda shown: features_of_clips(network, shown, modalities), batch
    )
    return Seconds(cpu / len(clips), len(views) * device)


def _finetune_rates(
    index: Path, run: RunSettings, settings: FinetuneSettings
) -> tuple[Seconds, Seconds]:
    """Of a training clip, and of a test video with all its views."""
    clips = finetune_clips(read_index(index), index, run, settings)
    views = ViewGrid(settings.clips, settings.crops, settings.crop)
    batch, training = decoded(
        lambda turn: training_batches(clips, seed=run.seed, epoch=turn, batch_size=len(clips))
    )
    _, testing = decoded(lambda turn: view_batches(clips, views=views, batch_size=1))
    model = Recogniser(build_network(run), CLASSES, settings.linear_probe, settings.seed)
    model.to(best_device())
    bfloat16 = expects_bfloat16(settings.precision, best_device())

    def logits(shown: Batch) -> Tensor:
        return model(shown, bfloat16)

    return (
        Seconds(training / len(clips), training_seconds(model, logits, batch)),
        Seconds(testing / len(clips), len(views) * looking_seconds(model, logits, batch)),
    )
