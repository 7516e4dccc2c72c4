"""Predict the cost of the stage embed."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import TypeAdapter

from selavi.data.schema import read_shard_table
from selavi.embedding.embed import ShardEmbedder
from selavi.estimates.cost import Cost
from selavi.estimates.timing import cpu_seconds
from selavi.estimates.workload import Sample, Workload
from selavi.files import UserError
from selavi.settings import FROZEN, Modality, embedder_settings, parent_of

log = logging.getLogger(__name__)

COPIES = 2  # of features: by shard, and gathered


@dataclass(frozen=True)
class EmbedRate:
    """CPU seconds of loading an embedder and of one clip, and bytes of its features."""

    load: float
    clip: float
    stored: float


EMBED_RATE = TypeAdapter(EmbedRate)


def embed_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each dataset, the features that runs take from embedders.

    Embedders that cannot be loaded here are left out with a warning.

    Parameters
    ----------
    workload : Workload
        The configuration, with its videos.

    Yields
    ------
    Cost
        Of one dataset.
    """
    splits: dict[tuple[str, str, Modality], dict[tuple[str, str], None]] = {}
    for run in workload.config.runs.values():
        dataset = workload.config.datasets[run.dataset]
        owners = [parent_of(run.dataset, s) or (run.dataset, n) for n, s in dataset.splits.items()]
        for modality in run.frozen:
            if (encoder := run.network.encoder(modality)) != FROZEN:
                place = (run.dataset, encoder, modality)
                splits.setdefault(place, {}).update(dict.fromkeys(owners))
    made: dict[str, list[Cost]] = {}
    for (dataset_name, encoder, modality), owners_of in splits.items():
        rate = _rate(workload, dataset_name, encoder, modality)
        if rate is None:
            continue
        clips = sum(workload.clips(*owner) for owner in owners_of)
        shards = sum(workload.config.datasets[d].splits[s].shard_count for d, s in owners_of)
        hours = (shards * rate.load + clips * rate.clip) / 3600
        stored = COPIES * clips * rate.stored
        made.setdefault(dataset_name, []).append(Cost("", "", hours, 0.0, stored))
    for name, costs in made.items():
        hours, stored = sum(c.cpu_hours for c in costs), sum(c.stored for c in costs)
        yield Cost(name, "embed", hours, 0.0, stored)


def _rate(workload: Workload, dataset: str, encoder: str, modality: Modality) -> EmbedRate | None:
    settings = embedder_settings(encoder, modality, workload.config.embedders)
    if not workload.samples:
        log.warning("no video to measure the embedder %s with: it is not estimated", encoder)
        return None
    sample = workload.sample(dataset)

    def measure() -> EmbedRate:
        log.info("measuring the embedder %s", encoder)
        started = cpu_seconds()
        embedder = ShardEmbedder(settings)
        return measure_rate(embedder, sample, cpu_seconds() - started)

    try:
        return workload.cache.get(EMBED_RATE, ("embed", sample.key, settings), measure)
    except UserError as error:
        log.warning("the embedder %s is not estimated: %s", encoder, error)
        return None


def measure_rate(embedder: ShardEmbedder, sample: Sample, load: float) -> EmbedRate:
    """Embed the clips of a sample twice; the first time is that of loading, as far as it is longer.

    Parameters
    ----------
    embedder : ShardEmbedder
        The embedder.
    sample : Sample
        A few clips, in one shard.
    load : float
        CPU seconds that loading the embedder took.

    Returns
    -------
    EmbedRate
        On this machine.
    """
    tar = sample.index.with_name("00000.tar")
    rows = read_shard_table(tar.with_suffix(".csv"))
    rows = rows[rows["reason"] == ""]
    times = []
    for _ in range(2):
        started = cpu_seconds()
        features = embedder.embed(tar, rows).rows
        times.append(cpu_seconds() - started)
    return EmbedRate(
        load + max(0.0, times[0] - times[1]), times[1] / len(rows), features.nbytes / len(rows)
    )
