"""The assign stage: the cluster of every clip by every head, with how sure the network is."""

import gzip
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import open_clips
from selavi.data.schema import VIDEO, further, head_columns
from selavi.evaluation.predict import batches_of_logits
from selavi.files import atomic_path, write_csv, write_pickle
from selavi.labelling.collapse import collapse
from selavi.models.checkpoint import load_model
from selavi.models.network import Network

log = logging.getLogger(__name__)

COMPRESS_ABOVE = 50_000_000  # bytes


@dataclass(frozen=True)
class Prediction:
    """What one modality, or both together, say of N clips.

    clusters : (N, H) int64. confidences : (N, H) float32, probability of that cluster.
    margins : (N, H) float32, how much more probable it is than the next one. A clip that could not
    be read has cluster -1, confidence and margin 0.
    """

    clusters: np.ndarray
    confidences: np.ndarray
    margins: np.ndarray


def assign(
    model: Path,
    index: Path,
    csv: Path,
    pickle: Path,
    workers: int = 0,
    compress_above: int = COMPRESS_ABOVE,
) -> None:
    """Write the cluster of every clip of a split.

    Each video is seen once: its middle clip, centre crop. The decision of both modalities is the
    largest entry of p_video * p_audio (paper, section 4.1). `cluster` in the CSV is that of the
    head whose training labels agreed best with the other heads', and `head` is its number: no
    class label has a part in it.
    Columns of the user's table stand beside `label`.
    A clip that proved corrupt has cluster -1, and what is wrong with it in `detail`. A CSV of
    more than `compress_above` bytes gets a compressed copy beside it, `{csv}.gz`.
    """
    network, settings, facts = load_model(model)
    clips = open_clips(index, settings)
    corrupt = CorruptClips(clips)
    predictions = predict(network, corrupt, workers)
    head = int(facts["head"])
    own = further(clips.index)
    result = clips.index[["sample", *VIDEO, *own]].copy()
    result["detail"] = [corrupt.found.get(sample, "") for sample in range(len(clips))]
    first = predictions[next(iter(predictions))]
    chosen = _columns(first, head, ("cluster", "confidence", "margin"))
    columns = chosen | {"head": np.full(len(result), head)}
    for name, prediction in predictions.items():
        for h in range(prediction.clusters.shape[1]):
            columns |= _columns(prediction, h, head_columns(name, h))
    write_csv(csv, pd.concat([result, pd.DataFrame(columns)], axis=1))
    _compress(csv, compress_above)
    write_pickle(
        pickle,
        {
            "format": "selavi-assignments-2",
            "clips": result,
            "head": head,
            "clusters": {name: p.clusters.astype(np.int32) for name, p in predictions.items()},
            "confidences": {name: p.confidences for name, p in predictions.items()},
            "margins": {name: p.margins for name, p in predictions.items()},
            "number_of_clusters": settings.network.clusters,
        },
    )
    found = columns["cluster"][columns["cluster"] >= 0]
    _, counts = np.unique(found, return_counts=True)
    log.info("%s: %d clips in %d clusters", csv, len(result), len(counts))
    if words := collapse(counts.max(initial=0) / max(1, len(found))):
        log.warning("%s: %s", csv, words)
    if corrupt:
        log.warning("%s: %d corrupt clips have no cluster", csv, len(corrupt))


def _columns(
    prediction: Prediction, head: int, names: tuple[str, str, str]
) -> dict[str, np.ndarray]:
    arrays = prediction.clusters, prediction.confidences, prediction.margins
    return {name: array[:, head] for name, array in zip(names, arrays, strict=True)}


def predict(network: Network, corrupt: CorruptClips, workers: int = 0) -> dict[str, Prediction]:
    """Predictions by modality; with two, "video+audio" comes first."""
    found: dict[str, Prediction] = {}
    for samples, logits in batches_of_logits(network, corrupt, workers):
        log_p = {name: rows.log_softmax(-1) for name, rows in logits.items()}
        if len(log_p) == 2:
            both = torch.stack(list(log_p.values())).sum(0)
            log_p = {"video+audio": both.log_softmax(-1)} | log_p
        for name, rows in log_p.items():
            best = rows.topk(2, dim=-1)
            sure, next_sure = best.values.exp().permute(2, 1, 0).cpu().numpy()
            entry = found.setdefault(name, _unread(len(corrupt.clips), len(rows)))
            entry.clusters[samples] = best.indices[..., 0].T.cpu()
            entry.confidences[samples] = sure
            entry.margins[samples] = sure - next_sure
    return found


def _unread(clips: int, heads: int) -> Prediction:
    zeros = np.zeros((clips, heads), np.float32)
    return Prediction(np.full((clips, heads), -1), zeros, zeros.copy())


def _compress(csv: Path, above: int) -> None:
    packed = csv.with_name(f"{csv.name}.gz")
    if csv.stat().st_size <= above:
        packed.unlink(missing_ok=True)  # of an earlier, larger one
        return
    with (
        csv.open("rb") as plain,
        atomic_path(packed) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as file,  # the same bytes for the same table
    ):
        shutil.copyfileobj(plain, file)
