"""The stage baselines: scores of chance, and of k-means on other features of the same clips."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import Clips, open_clips, training_batches
from selavi.evaluation.baseline_features import (
    SUPERVISED_CLIP,
    Extract,
    Rows,
    extract,
    network_features,
    raw_features,
    read_features,
    supervised_features,
)
from selavi.evaluation.baseline_kmeans import kmeans_scores
from selavi.evaluation.metrics import clustering_scores
from selavi.evaluation.predict import best_device
from selavi.files import UserError, write_csv
from selavi.models.checkpoint import build_network, load_model
from selavi.models.network import Network
from selavi.progress import Bar
from selavi.settings import BaselineSettings, Modality, RunSettings

log = logging.getLogger(__name__)

CHANCE_DRAWS = 10
Features = tuple[np.ndarray, Rows] | str
"""Samples and their features, or the reason why there are none."""


def baselines(
    model: Path,
    index: Path,
    settings: BaselineSettings,
    output: Path,
    names: dict[str, str] | None = None,
    workers: int = 0,
    features: Mapping[Modality, Path] | None = None,
) -> pd.DataFrame:
    """Score chance and k-means, with the run's number of clusters, and write the CSV.

    k-means clusters features of the same clips: raw ones, which are the given ones of a frozen
    encoder, those of the run's network before and
    after training, those of R(2+1)D-18 trained with labels, and users' files
    (`baselines.features`), with every preparation; "video+audio" weighs both modalities equally.
    Corrupt clips are skipped.

    Parameters
    ----------
    model : Path
        The model file.
    index : Path
        Index of the split, in the folder of its shards.
    settings : BaselineSettings
        Which features.
    output : Path
        CSV to write.
    names : dict of str to str, optional
        Values of `{run}`, `{dataset}` and `{split}` in the paths of feature files; the last two are
        also columns.
    workers : int
        Loader processes.
    features : mapping of str to Path, optional
        Files of features of frozen encoders, see `open_clips`.

    Returns
    -------
    pandas.DataFrame
        A row per method, modality and preparation, see `kmeans_scores`. `note` says why a method
        was not run; if no clip has a class, there is only one row, with a note.

    Raises
    ------
    UserError
        If the model or the index cannot be read.
    """
    names = names or {}
    of = {name: names[name] for name in ("dataset", "split") if name in names}
    trained, run, facts = load_model(model)
    clips = open_clips(index, run, features=features)
    labels = clips.index["label"].to_numpy(dtype=str)
    if not (labels != "").any():
        log.warning("%s: no clip has a class, so there are no scores", index)
        note = "not run: no clip has a class"
        result = pd.DataFrame([{"method": "chance", "modality": "none", "note": note} | of])
        write_csv(output, result)
        return result
    clusters, seed = trained.result_counts[facts["head"]], run.seed
    torch.manual_seed(seed)
    extractors = {"k-means raw": raw_features} | _networks(trained, clips, run, workers)
    samples, rows_of = extract(clips, extractors, workers)
    classes = labels[samples][labels[samples] != ""]
    rows: list[dict[str, Any]] = [
        {"method": "chance", "modality": "none", "note": ""} | _chance(classes, clusters, seed)
    ]
    methods: list[tuple[str, Features]] = [(m, (samples, rows_of[m])) for m in extractors]
    methods += _external(clips, settings, names, workers)
    for method, found in Bar(methods, desc="k-means", unit="method"):
        if isinstance(found, str):
            log.info("%s: %s", method, found)
            rows.append({"method": method, "modality": "video", "note": f"not run: {found}"})
            continue
        log.info("%s:", method)
        scores = kmeans_scores(found[1], labels[found[0]], clusters, seed, settings.minibatch_above)
        rows += [{"method": method} | row for row in scores]
    result = pd.DataFrame(rows).assign(**of)
    write_csv(output, result)
    return result


def _networks(trained: Network, clips: Clips, run: RunSettings, workers: int) -> dict[str, Extract]:
    """Features of the run's encoders before and after training; none if it trains none."""
    if not run.decoded:
        return {}
    device = best_device()
    inputs: dict[str, int] = {name: rows.shape[1] for name, rows in clips.features.items()}
    untrained = build_network(run, inputs).to(device)
    for modality in run.frozen:
        untrained.encoders[modality].load_state_dict(trained.encoders[modality].state_dict())
    warm_up(untrained, clips, run, workers)
    return {
        "k-means untrained": network_features(untrained),
        "k-means trained": network_features(trained.to(device)),
    }


def warm_up(network: Network, clips: Clips, run: RunSettings, workers: int = 0) -> None:
    """Set an untrained network's batch-norm statistics as pretraining does, from shuffled batches.

    Statistics of each batch would depend on the order of the clips: in an index sorted by class,
    they would remove the mean of a class, and with it the class.

    Parameters
    ----------
    network : Network
        Left in evaluation mode.
    clips : Clips
        The split.
    run : RunSettings
        `training.warmup_batches`, `training.batch_size` and the seed.
    workers : int
        Loader processes.
    """
    size = min(run.training.batch_size, len(clips))
    device = next(network.parameters()).device
    epochs = (
        training_batches(
            clips, seed=run.seed, epoch=epoch, batch_size=size, workers=workers, device=device
        )
        for epoch in count()
    )
    network.train()
    with torch.no_grad():
        batches = islice(
            CorruptClips(clips).counted(chain.from_iterable(epochs)), run.training.warmup_batches
        )
        for batch in Bar(batches, total=run.training.warmup_batches, desc="batch norm"):
            network.encode(batch.to(device))
    network.eval()


def _external(
    clips: Clips, settings: BaselineSettings, names: dict[str, str], workers: int
) -> Iterator[tuple[str, Features]]:
    """Features of other networks and of users' files, by method."""
    try:
        yield "k-means supervised", _supervised(clips, settings, workers)
    except UserError as error:
        yield "k-means supervised", str(error)
    names = dict.fromkeys(("run", "dataset", "split"), "") | names
    for name, pattern in settings.features.items():
        try:
            rows = read_features(Path(pattern.format(**names)), len(clips))
            yield f"k-means {name}", (np.arange(len(clips)), {name: rows})
        except UserError as error:
            yield f"k-means {name}", str(error)


def _supervised(clips: Clips, settings: BaselineSettings, workers: int) -> Features:
    if settings.supervised_weights is None:
        raise UserError("baselines.supervised_weights names no file")
    extractor = supervised_features(Path(settings.supervised_weights), best_device())
    resized = replace(clips, video=SUPERVISED_CLIP, modalities=["video"], given={})
    samples, features = extract(resized, {"supervised": extractor}, workers)
    return samples, features["supervised"]


def _chance(classes: np.ndarray, clusters: int, seed: int) -> dict[str, float]:
    """Mean scores of random clusters of equal size."""
    random = np.random.default_rng(seed)
    balanced = np.arange(len(classes)) % clusters
    draws = [
        asdict(clustering_scores(classes, random.permutation(balanced)))
        for _ in range(CHANCE_DRAWS)
    ]
    return {name: float(np.mean([d[name] for d in draws])) for name in draws[0]}
