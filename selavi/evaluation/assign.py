"""The assign stage: the cluster of every clip by every head, with how sure the network is."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from selavi.data.loader import Clips, open_clips, pass_batches
from selavi.files import write_csv, write_pickle
from selavi.models.checkpoint import load_model
from selavi.models.network import Network
from selavi.settings import RunSettings

log = logging.getLogger(__name__)

BATCH = 32


@dataclass(frozen=True)
class Prediction:
    """Clusters (N, H) int64 and confidences (N, H) float32 of one modality or of both together.

    A clip that could not be read has cluster -1 and confidence 0.
    """

    clusters: np.ndarray
    confidences: np.ndarray


def assign(model: Path, index: Path, csv: Path, pickle: Path, workers: int = 0) -> None:
    """Write the cluster of every clip of a split.

    Each video is seen once: its middle clip, centre crop. The decision of both modalities is the
    largest entry of p_video * p_audio (paper, section 4.1). `cluster` in the CSV is that of the
    head whose training labels agreed best with the other heads': no class label has a part in it.
    A clip that proved corrupt has cluster -1, and what is wrong with it in `detail`.
    """
    network, settings, facts = load_model(model)
    clips = open_clips(index, settings)
    predictions = predict(network, clips, settings, workers)
    head = int(facts["head"])
    result = clips.index[["sample", "id", "key", "path", "label"]].copy()
    result["detail"] = [clips.corrupt.get(sample, "") for sample in range(len(clips))]
    first = predictions[next(iter(predictions))]
    columns = {"cluster": first.clusters[:, head], "confidence": first.confidences[:, head]}
    for name, prediction in predictions.items():
        for h in range(prediction.clusters.shape[1]):
            columns[f"{name}_head{h}"] = prediction.clusters[:, h]
            columns[f"{name}_head{h}_confidence"] = prediction.confidences[:, h]
    write_csv(csv, pd.concat([result, pd.DataFrame(columns)], axis=1))
    write_pickle(
        pickle,
        {
            "format": "selavi-assignments-1",
            "clips": result,
            "head": head,
            "clusters": {name: p.clusters.astype(np.int32) for name, p in predictions.items()},
            "confidences": {name: p.confidences for name, p in predictions.items()},
            "number_of_clusters": settings.network.clusters,
        },
    )
    used = np.unique(columns["cluster"][columns["cluster"] >= 0])
    log.info("%s: %d clips in %d clusters", csv, len(result), len(used))
    if clips.corrupt:
        log.warning("%s: %d corrupt clips have no cluster", csv, len(clips.corrupt))


@torch.inference_mode()
def predict(
    network: Network, clips: Clips, settings: RunSettings, workers: int = 0
) -> dict[str, Prediction]:
    """Predictions by modality; with two, "video+audio" comes first."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.to(device).eval()
    found: dict[str, Prediction] = {}
    batches = pass_batches(clips, batch_size=BATCH, workers=workers, device=device)
    total = -(-len(clips) // BATCH)
    for batch in tqdm(batches, total=total, desc="assign", unit="batch", disable=None):
        _, logits = network(batch.to(device))
        log_p = {name: rows.log_softmax(-1) for name, rows in logits.items()}
        if len(log_p) == 2:
            both = torch.stack(list(log_p.values())).sum(0)
            log_p = {"video+audio": both.log_softmax(-1)} | log_p
        samples = batch.sample.cpu().numpy()
        for name, rows in log_p.items():
            best = rows.max(-1)
            entry = found.setdefault(name, _unread(len(clips), len(rows)))
            entry.clusters[samples] = best.indices.T.cpu()
            entry.confidences[samples] = best.values.exp().T.cpu()
    return found


def _unread(clips: int, heads: int) -> Prediction:
    return Prediction(np.full((clips, heads), -1), np.zeros((clips, heads), np.float32))
