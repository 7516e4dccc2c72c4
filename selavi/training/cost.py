"""Predict the cost of the stage pretrain, and measure the clip rate that other stages share."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from selavi.batch import Batch
from selavi.clustering.cost import MethodTimes, prepared_width
from selavi.data.corrupt import CorruptClips
from selavi.data.dataset import Clips
from selavi.data.features.gather import GivenFeatures
from selavi.data.sampling import pass_batches
from selavi.data.schema import MEDIA, PLACES, read_index
from selavi.engine.process_group import Group
from selavi.estimates.cost import Cost, Seconds, cost
from selavi.estimates.timing import CPU_BATCH, decode, inference_seconds, training_seconds
from selavi.estimates.workload import ClipRate, Workload
from selavi.labelling.schedule import relabelling_steps
from selavi.models.precision import expects_bfloat16
from selavi.models.preparation import PCA_KINDS
from selavi.settings import RunSettings
from selavi.training.lanes import lane_count
from selavi.training.optim import fit_to_clips
from selavi.training.preparation import FITTED, STARTS, TRIED, prepare

LANE_BATCH = 16
GIVEN_FEATURES, GIVEN_CLIPS = 1024, 256  # of a clip, and clips of a batch, for a measurement


def pretrain_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each run that is trained, its epochs, label updates, model and checkpoints."""
    for name in workload.config.networks:
        run = workload.config.runs[name]
        if run.weights:
            continue
        rate, clips = workload.rate(name), workload.clips(run.dataset, "train")
        training, labelling = fit_to_clips(run.training, clips, world=1), run.labelling
        steps = training.epochs * max(1, clips // training.batch_size)
        first = int(labelling.first_share * steps)
        updates = len(relabelling_steps(labelling.optimisations, labelling.power, steps, first))
        if labelling.source == "pass":
            passes = updates * labelling.groups
        else:  # the first group's features come from training itself
            passes = training.epochs * (labelling.groups - 1) + labelling.groups
        features = labelling.groups * rate.features if labelling.source == "epoch" else 0
        heads = run.network.heads * len(run.network.levels(clips))
        checkpoint = 2 * rate.parameters + clips * (features + 8 * heads)
        most = run.machine.checkpoints_kept + 1  # one is written before the oldest goes
        seconds = (rate.train * training.epochs + rate.infer * passes) * clips
        if run.frozen:
            seconds += Seconds(_preparing_seconds(workload, run, clips), 0.0)
        yield cost(name, "pretrain", seconds, rate.parameters + most * checkpoint)


def _preparing_seconds(workload: Workload, run: RunSettings, clips: int) -> float:
    """CPU seconds of k-means before the first step: choice of the preparation, first labels."""
    seconds_of, network = MethodTimes(workload.cache, prepared_width(run)), run.network
    seconds = 0.0
    for clusters in network.levels(clips):
        if network.preparation == "auto":
            tried = seconds_of("kmeans", min(TRIED, clips), clusters, STARTS)
            seconds += len(PCA_KINDS) * tried
        if run.labelling.first == "kmeans":
            fitted = min(FITTED, clips)
            seconds += seconds_of("kmeans", fitted, clusters, network.heads)
    return seconds


def clip_rate(index: Path | None, run: RunSettings) -> ClipRate:
    """Decode the clips of a small index, and take steps of the run's network on them.

    The features of frozen encoders are random numbers.

    Parameters
    ----------
    index : Path, optional
        Index of the clips; None for a run that decodes none.
    run : RunSettings
        Settings of the run.

    Returns
    -------
    ClipRate
        Seconds per clip on this machine.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    own = _clips(index, run)
    prepared = prepare(run.for_clips(len(own)), own, Group(0, 1, device))
    clips, network = prepared.clips, prepared.network.to(device)
    batch, decoding = decode(
        lambda turn: CorruptClips(clips).counted(
            pass_batches(clips, batch_size=len(clips), augmented=(run.seed, turn))
        )
    )
    bfloat16 = expects_bfloat16(run.machine.precision, device)

    def logits(batch: Batch) -> Tensor:
        return torch.stack([rows.float().mean() for rows in network(batch, bfloat16)[1].values()])

    width = sum(rows.shape[1] for rows in network.eval()(batch.to(device), bfloat16)[0].values())
    # As in training, the parts of a small network's step run side by side, each in a thread.
    lanes = lane_count(device, sum(p.numel() for p in network.parameters()))
    threads, shown = torch.get_num_threads(), LANE_BATCH if lanes > 1 else CPU_BATCH
    if not run.decoded:
        shown = len(clips)
    torch.set_num_threads(threads // lanes)
    try:
        train = training_seconds(network, logits, batch, shown) / lanes
        infer = inference_seconds(network, logits, batch, shown) / lanes
    finally:
        torch.set_num_threads(threads)
    return ClipRate(
        Seconds(decoding / len(clips), train),
        Seconds(decoding / len(clips), infer),
        4 * sum(p.numel() for p in network.parameters()),
        4 * width,
    )


def _clips(index: Path | None, run: RunSettings) -> Clips:
    """The clips of an index, or clips without media, with random features."""
    if index is None:
        table, folder = pd.DataFrame(0, range(GIVEN_CLIPS), [*MEDIA, *PLACES]), Path()
    else:
        table, folder = read_index(index), index.parent
    random = np.random.default_rng(0)
    given = {
        name: GivenFeatures(random.standard_normal((len(table), GIVEN_FEATURES), np.float32), {})
        for name in run.frozen
    }
    return Clips(table, folder, run.video, run.audio, run.decoded, run.max_corrupt, given=given)
