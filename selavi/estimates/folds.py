"""Rates of the evaluations that run on the folds of other datasets: retrieval and fine-tuning."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from selavi.estimates.workload import Workload, speed_key
from selavi.settings import FinetuneSettings, RetrievalSettings, RunSettings, fold_splits

log = logging.getLogger(__name__)

Rate = TypeVar("Rate")


def fold_rates(
    workload: Workload,
    settings: RetrievalSettings | FinetuneSettings,
    stage: str,
    kind: TypeAdapter[Rate],
    measure: Callable[[Path, RunSettings], Rate],
) -> Iterator[tuple[str, list[tuple[Rate, int, int]]]]:
    """Measure each run once per dataset.

    Parameters
    ----------
    workload : Workload
        The configuration, with its videos.
    settings : RetrievalSettings or FinetuneSettings
        Of the evaluation.
    stage : str
        In the keys of the rates and in the log.
    kind : TypeAdapter
        Of the rate.
    measure : callable
        Measures a run on the clips of an index.

    Yields
    ------
    run : str
        Name of the run.
    folds : list of tuple
        Rate, training videos and test videos of each fold.
    """
    rates: dict[str, Rate] = {}
    for name in settings.runs:
        run, folds = workload.config.runs[name], []
        for dataset, numbers in settings.datasets.items():
            key = speed_key(run) + dataset
            if key not in rates:
                rates[key] = workload.cache.get(
                    kind,
                    (stage, workload.sample(dataset).key, speed_key(run), settings),
                    partial(_measured, workload, dataset, stage, run, measure),
                )
            for fold in numbers:
                train, test = (workload.clips(dataset, split) for split in fold_splits(fold))
                folds.append((rates[key], train, test))
        yield name, folds


def _measured(
    workload: Workload,
    dataset: str,
    stage: str,
    run: RunSettings,
    measure: Callable[[Path, RunSettings], Rate],
) -> Rate:
    log.info("measuring %s on a few videos of %s", stage, dataset)
    return measure(workload.sample(dataset).index, run)
