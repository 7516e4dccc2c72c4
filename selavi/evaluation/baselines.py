"""What simpler methods give on the same clips: chance, and k-means on features nobody trained."""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from selavi.data.loader import Clips, open_clips, pass_batches
from selavi.evaluation.clustering import clustering_scores
from selavi.files import UserError, write_csv
from selavi.models.checkpoint import build_network
from selavi.settings import RunSettings

log = logging.getLogger(__name__)

MINIBATCH_ABOVE = 50_000
CHANCE_DRAWS = 10
GRID = (4, 8, 8)  # frames, rows and columns that raw pictures are reduced to


def baselines(index: Path, settings: RunSettings, output: Path, workers: int = 0) -> pd.DataFrame:
    """Score chance and k-means, with as many clusters as the run has, and write the CSV.

    Raw features are, for the picture, the clip's pixels on a grid of 4 x 8 x 8 (time and space);
    for the sound, mean and deviation over time of every mel filter. Untrained features are those
    of the run's network with its first weights. Features are standardised; "video+audio" weighs
    both modalities equally. Corrupt clips are left out.

    Raises UserError if no clip has a class.
    """
    clips = open_clips(index, settings)
    labels = clips.index["label"].to_numpy(dtype=str)
    if not (labels != "").any():
        raise UserError(f"{index}: no clip has a class, so there is nothing to compare with")
    found_features = _features(clips, settings, workers)
    read = np.ones(len(clips), bool)
    read[list(clips.corrupt)] = False
    known = labels[read] != ""
    classes = labels[read][known]
    clusters = settings.network.clusters
    rows = [{"method": "chance", "modality": "none"} | _chance(classes, clusters, settings.seed)]
    for method, features in found_features.items():
        combined = dict(features)
        if len(features) == 2:
            combined = {"video+audio": np.concatenate(list(features.values()), 1)} | features
        for modality, matrix in combined.items():
            found = kmeans(matrix, min(clusters, len(matrix)), settings.seed)
            scores = asdict(clustering_scores(classes, found[known]))
            rows.append({"method": method, "modality": modality} | scores)
            log.info("%s, %s: NMI %.3f", method, modality, scores["nmi"])
    result = pd.DataFrame(rows)
    write_csv(output, result)
    return result


def kmeans(features: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """Clusters of the rows of (N, D) features: best of 10 starts; in minibatches above 50,000."""
    kind = MiniBatchKMeans if len(features) > MINIBATCH_ABOVE else KMeans
    labels: np.ndarray = kind(clusters, n_init=10, random_state=seed).fit_predict(features)
    return labels


def _chance(classes: np.ndarray, clusters: int, seed: int) -> dict[str, float]:
    """Mean scores of random clusters of equal size."""
    random = np.random.default_rng(seed)
    even = np.arange(len(classes)) % clusters
    draws = [
        asdict(clustering_scores(classes, random.permutation(even))) for _ in range(CHANCE_DRAWS)
    ]
    return {name: float(np.mean([d[name] for d in draws])) for name in draws[0]}


@torch.inference_mode()
def _features(
    clips: Clips, settings: RunSettings, workers: int
) -> dict[str, dict[str, np.ndarray]]:
    """By method and modality: (N, D) float32, standardised, each modality of total variance 1."""
    torch.manual_seed(settings.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = build_network(settings).to(device)
    network.train()  # batch norm by the batch: its running statistics mean nothing yet
    parts: dict[tuple[str, str], list[np.ndarray]] = {}
    batches = pass_batches(clips, batch_size=32, workers=workers, device=device)
    total = -(-len(clips) // 32)
    for batch in tqdm(batches, total=total, desc="features", unit="batch", disable=None):
        raw = {}
        if batch.video is not None:
            raw["video"] = F.adaptive_avg_pool3d(batch.video, GRID).flatten(1)
        if batch.audio is not None:
            deviation, mean = torch.std_mean(batch.audio.flatten(1, 2), dim=-1, correction=0)
            raw["audio"] = torch.cat([mean, deviation], 1)
        for method, found in (
            ("k-means raw", raw),
            ("k-means untrained", network.encode(batch.to(device))),
        ):
            for modality, rows in found.items():
                parts.setdefault((method, modality), []).append(rows.cpu().numpy())
    result: dict[str, dict[str, np.ndarray]] = {}
    for (method, modality), pieces in parts.items():
        matrix = StandardScaler().fit_transform(np.concatenate(pieces))
        result.setdefault(method, {})[modality] = matrix / np.sqrt(matrix.shape[1])
    return result
