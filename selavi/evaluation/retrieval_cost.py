"""Predict the cost of the stage retrieval."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import ViewGrid, view_batches
from selavi.data.schema import read_index
from selavi.estimates.cost import Cost, Seconds, cost
from selavi.estimates.folds import fold_rates
from selavi.estimates.timing import decode, inference_seconds
from selavi.estimates.workload import Workload
from selavi.evaluation.predict import best_device
from selavi.evaluation.retrieval import compared, features_of_clips, retrieval_clips
from selavi.models.checkpoint import build_network
from selavi.settings import RetrievalSettings, RunSettings

RATE = TypeAdapter(Seconds)
NEIGHBOURS_BYTES = 1000  # of a query's nearest videos in the table


def retrieval_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each run, the features of every fold's videos; the search takes far less.

    Parameters
    ----------
    workload : Workload
        The configuration, with its videos.

    Yields
    ------
    Cost
        Of one run.
    """
    settings = workload.config.retrieval

    def measure(index: Path, run: RunSettings) -> Seconds:
        return _video_rate(index, run, settings)

    for name, folds in fold_rates(workload, settings, "retrieval", RATE, measure):
        total = sum((rate * (gallery + queries) for rate, gallery, queries in folds), Seconds(0, 0))
        stored = NEIGHBOURS_BYTES * sum(queries for *_, queries in folds)
        yield cost(name, "retrieval", total, stored)


def _video_rate(index: Path, run: RunSettings, settings: RetrievalSettings) -> Seconds:
    """Seconds of a video with all its clips."""
    table = read_index(index)
    modalities, _ = compared(run, [table])
    clips = retrieval_clips(table, index, run, settings, modalities)
    views = ViewGrid(settings.clips, crops=1)
    batch, decoding = decode(
        lambda _: CorruptClips(clips).counted(view_batches(clips, views=views, batch_size=1))
    )
    network = build_network(run.for_clips(len(table))).to(best_device())
    device = inference_seconds(
        network, lambda shown: features_of_clips(network, shown, modalities), batch
    )
    return Seconds(decoding / len(clips), len(views) * device)
