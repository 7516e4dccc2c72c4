"""Predict the cost of a configuration, stage by stage: hours of CPU and GPU, and disk."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from selavi.clustering.cost import cluster_features_costs
from selavi.data.shards.cost import shard_costs
from selavi.data.sources.factory import configured_source
from selavi.embedding.cost import embed_costs
from selavi.estimates.cost import Cost
from selavi.estimates.workload import Workload
from selavi.evaluation.cost import assign_costs, baselines_costs, map_costs
from selavi.evaluation.degrade_cost import degrade_costs
from selavi.evaluation.finetune.cost import finetune_costs
from selavi.evaluation.retrieval_cost import retrieval_costs
from selavi.preflight.samples import VideoSample
from selavi.progress import bars_that_vanish
from selavi.rate_cache import RateCache
from selavi.settings import Config
from selavi.training.cost import clip_rate, pretrain_costs

log = logging.getLogger(__name__)

STAGES: tuple[Callable[[Workload], Iterator[Cost]], ...] = (
    embed_costs,
    pretrain_costs,
    cluster_features_costs,
    assign_costs,
    map_costs,
    baselines_costs,
    degrade_costs,
    retrieval_costs,
    finetune_costs,
)
"""The stages that take longer than minutes and need clips or a trained network."""
MEASURING = "estimating the time: this machine is measured on a few of the videos"
"""What to tell people before `estimate`, which may take a minute."""


def estimate(config: Config, cache: RateCache | None = None) -> list[Cost]:
    """Measure a few videos of each dataset and a few steps of each run, and multiply.

    Where all splits are shards made elsewhere, nothing can be measured and the runs are left out,
    unless all of them are on given features.

    Parameters
    ----------
    config : Config
        The configuration.
    cache : RateCache, optional
        Rates measured on this machine before; by default this user's.

    Returns
    -------
    list of Cost
        One per stage and dataset or run.

    Raises
    ------
    UserError
        If a dataset is not there, or its sample cannot be used.
    """
    sources = {
        (name, split): configured_source(config.datasets, name, split)
        for name, dataset in config.datasets.items()
        for split in dataset.splits
    }
    with bars_that_vanish(), tempfile.TemporaryDirectory(prefix="selavi-") as scratch:
        samples = {
            name: VideoSample.of(dataset, Path(tempfile.mkdtemp(dir=scratch)))
            for name, dataset in config.datasets.items()
        }
        workload = Workload(
            config,
            videos={place: source.count() for place, source in sources.items()},
            stored={place: source.stored() for place, source in sources.items()},
            samples={name: sample for name, sample in samples.items() if sample},
            measure=clip_rate,
            cache=cache or RateCache(),
        )
        costs = list(shard_costs(workload))
        if not workload.samples and any(run.decoded for run in config.runs.values()):
            log.warning(
                "no split has videos of its own to measure with: the runs are not estimated, only "
                "the shards to import are"
            )
            return costs
        return costs + [cost for stage in STAGES for cost in stage(workload)]
