"""What simpler methods give on the same clips: "clustering does not come for free"."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.cluster import KMeans, MiniBatchKMeans

from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import Clips, open_clips, training_batches
from selavi.evaluation.baseline_features import (
    SUPERVISED_CLIP,
    Rows,
    extract,
    for_kmeans,
    network_features,
    raw_features,
    read_features,
    supervised_features,
)
from selavi.evaluation.metrics import clustering_scores
from selavi.evaluation.predict import best_device
from selavi.files import UserError, write_csv
from selavi.models.checkpoint import build_network, load_model
from selavi.models.network import Network
from selavi.progress import Bar
from selavi.settings import BaselineSettings, RunSettings

log = logging.getLogger(__name__)

CHANCE_DRAWS = 10
Found = tuple[np.ndarray, Rows] | str  # samples and their features, or the reason for none


def baselines(
    model: Path,
    index: Path,
    settings: BaselineSettings,
    output: Path,
    names: dict[str, str] | None = None,
    workers: int = 0,
) -> pd.DataFrame:
    """Score chance and k-means, with as many clusters as the run has, and write the CSV.

    k-means sees features of the same clips: raw ones, those of the run's network with its first
    weights and with its last, those of R(2+1)D-18 trained with labels, and files of your own (see
    `evaluation.features`). Features are standardised; "video+audio" weighs both modalities
    equally. Corrupt clips are left out. What cannot be run gets a row that says why.

    names : what `{run}`, `{dataset}` and `{split}` in the paths of feature files stand for; the
        last two are columns, too.

    Where no clip has a class nothing is computed, and the only row says so.
    """
    names = names or {}
    of = {name: names[name] for name in ("dataset", "split") if name in names}
    trained, run, _ = load_model(model)
    clips = open_clips(index, run)
    labels = clips.index["label"].to_numpy(dtype=str)
    if not (labels != "").any():
        log.warning("%s: no clip has a class, so there is nothing to compare with", index)
        note = "not run: no clip has a class"
        result = pd.DataFrame([{"method": "chance", "modality": "none", "note": note} | of])
        write_csv(output, result)
        return result
    clusters, seed = run.network.clusters, run.seed
    torch.manual_seed(seed)
    device = best_device()
    untrained = build_network(run).to(device)
    warm_up(untrained, clips, run, workers)
    work = {
        "k-means raw": raw_features,
        "k-means untrained": network_features(untrained),
        "k-means trained": network_features(trained.to(device)),
    }
    samples, own = extract(clips, work, workers)
    classes = labels[samples][labels[samples] != ""]
    rows: list[dict[str, Any]] = [
        {"method": "chance", "modality": "none", "note": ""} | _chance(classes, clusters, seed)
    ]
    found: list[tuple[str, Found]] = [(method, (samples, own[method])) for method in work]
    found += _others(clips, settings, names, workers)
    for method, features in Bar(found, desc="k-means", unit="method"):
        if isinstance(features, str):
            log.info("%s: %s", method, features)
            rows.append({"method": method, "modality": "video", "note": f"not run: {features}"})
            continue
        classes = labels[features[0]]
        known = classes != ""
        for modality, matrix in for_kmeans(features[1]).items():
            guess = kmeans(matrix, min(clusters, len(matrix)), seed, settings.minibatch_above)
            scores = asdict(clustering_scores(classes[known], guess[known]))
            rows.append({"method": method, "modality": modality, "note": ""} | scores)
            log.info("%s, %s: NMI %.3f", method, modality, scores["nmi"])
    result = pd.DataFrame(rows).assign(**of)
    write_csv(output, result)
    return result


def warm_up(network: Network, clips: Clips, run: RunSettings, workers: int = 0) -> None:
    """Give an untrained network's batch norms the statistics that pretraining begins with.

    They come from as many shuffled batches, and the network is left in evaluation mode. By the
    batch they would depend on the order of the clips: sorted by class, as an index often is,
    batches of one class lose their mean, and with it the class.
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


def kmeans(
    features: np.ndarray, clusters: int, seed: int, minibatch_above: int = 50_000
) -> np.ndarray:
    """Clusters of the rows of (N, D) features: best of 10 starts; many rows by minibatch."""
    kind = MiniBatchKMeans if len(features) > minibatch_above else KMeans
    labels: np.ndarray = kind(clusters, n_init=10, random_state=seed).fit_predict(features)
    return labels


def _others(
    clips: Clips, settings: BaselineSettings, names: dict[str, str], workers: int
) -> Iterator[tuple[str, Found]]:
    """Features that others made, by method."""
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


def _supervised(clips: Clips, settings: BaselineSettings, workers: int) -> Found:
    if settings.supervised_weights is None:
        raise UserError("baselines.supervised_weights names no file")
    work = supervised_features(Path(settings.supervised_weights), best_device())
    seen = replace(clips, video=SUPERVISED_CLIP, modalities=["video"])
    samples, found = extract(seen, {"supervised": work}, workers)
    return samples, found["supervised"]


def _chance(classes: np.ndarray, clusters: int, seed: int) -> dict[str, float]:
    """Mean scores of random clusters of equal size."""
    random = np.random.default_rng(seed)
    even = np.arange(len(classes)) % clusters
    draws = [
        asdict(clustering_scores(classes, random.permutation(even))) for _ in range(CHANCE_DRAWS)
    ]
    return {name: float(np.mean([d[name] for d in draws])) for name in draws[0]}
