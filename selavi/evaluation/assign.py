"""The stage assign: the cluster of every clip by every head, with confidence and margin."""

import gzip
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selavi.data.corrupt import CorruptClips
from selavi.data.dataset import Clips, open_clips
from selavi.data.schema import HEAD_CLUSTERS, VIDEO, further, head_columns
from selavi.evaluation.predict import batches_of_logits
from selavi.files import UserError, atomic_path, write_csv, write_pickle
from selavi.labelling.collapse import collapse
from selavi.models.checkpoint import load_model
from selavi.models.network import Network
from selavi.settings import Modality

log = logging.getLogger(__name__)

COMPRESS_ABOVE = 50_000_000  # bytes


@dataclass(frozen=True)
class Prediction:
    """Clusters of N clips by one modality, or by both.

    Attributes
    ----------
    clusters : numpy.ndarray
        (N, H) int64; -1 for a clip that cannot be read.
    confidences : numpy.ndarray
        (N, H) float32, probability of the cluster; 0 for a clip that cannot be read.
    margins : numpy.ndarray
        (N, H) float32, probability of the cluster minus that of the next one.
    second : numpy.ndarray
        (N, H) int64, the next cluster; -1 for none, and for a clip that cannot be read.
    """

    clusters: np.ndarray
    confidences: np.ndarray
    margins: np.ndarray
    second: np.ndarray

    @classmethod
    def unread(cls, clips: int, heads: int) -> "Prediction":
        """That of clips of which none can be read."""
        zeros, none = np.zeros((clips, heads), np.float32), np.full((clips, heads), -1)
        return cls(none, zeros, zeros.copy(), none.copy())


def assign(
    model: Path,
    index: Path,
    csv: Path,
    pickle: Path,
    workers: int = 0,
    compress_above: int = COMPRESS_ABOVE,
    features: Mapping[Modality, Path] | None = None,
) -> None:
    """Write the cluster of every clip of a split.

    Each video is seen once: its middle clip, centre crop. With two modalities, the cluster is the
    largest entry of p_video * p_audio (paper, section 4.1). The column `cluster` is that of the
    selected head, whose number is in `head`; it is selected without classes. Further columns of the
    user's table follow `label`. A corrupt clip has cluster -1, and the reason in `detail`.

    Parameters
    ----------
    model : Path
        The model file.
    index : Path
        Index of the split, in the folder of its shards.
    csv, pickle : Path
        Files to write, with the same content.
    workers : int
        Loader processes.
    compress_above : int
        A CSV of more bytes gets a compressed copy, `{csv}.gz`.
    features : mapping of str to Path, optional
        Files of features of frozen encoders, see `open_clips`.

    Raises
    ------
    UserError
        If the model or the index cannot be read, their audio has another sample rate, or too many
        clips are corrupt.
    """
    network, settings, facts = load_model(model)
    clips = open_clips(index, settings, features=features)
    trained = facts.get("media", {}).get("audio_rate")
    if trained and "audio" in clips.modalities and clips.rate != trained:
        raise UserError(
            f"{model} was trained on audio of {trained} Hz, and the clips of {index} have "
            f"{clips.rate} Hz; set media.audio_rate: {trained} for the dataset and make its shards "
            "again, or use a model of that rate"
        )
    corrupt = CorruptClips(clips)
    predictions = predict(network, clips, workers, corrupt)
    head, counts = int(facts["head"]), network.result_counts
    write_assignments(corrupt, predictions, head, counts, csv, pickle, compress_above)


def write_assignments(
    corrupt: CorruptClips,
    predictions: dict[str, Prediction],
    head: int,
    counts: Sequence[int],
    csv: Path,
    pickle: Path,
    compress_above: int = COMPRESS_ABOVE,
) -> None:
    """Write what `assign` predicts.

    Parameters
    ----------
    corrupt : CorruptClips
        Of the N clips.
    predictions : dict of str to Prediction
        By modality, of N clips; the columns of the selected head are the first one's.
    head : int
        The selected head.
    counts : sequence of int
        Number of clusters of each head. If they differ, column `head_clusters` lists them.
    csv, pickle : Path
        Files to write.
    compress_above : int
        See `assign`.
    """
    clips = corrupt.clips
    further_columns = further(clips.index)
    result = clips.index[["sample", *VIDEO, *further_columns]].copy()
    result["detail"] = [corrupt.found.get(sample, "") for sample in range(len(clips))]
    first = predictions[next(iter(predictions))]
    chosen = _columns(first, head, ("cluster", "confidence", "margin"))
    columns = chosen | {"second": first.second[:, head], "head": np.full(len(result), head)}
    if differ := len(set(counts)) > 1:
        columns[HEAD_CLUSTERS] = np.full(len(result), " ".join(map(str, counts)))
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
            "number_of_clusters": counts[head],
        }
        | ({"head_clusters": list(counts)} if differ else {}),
    )
    assigned = columns["cluster"][columns["cluster"] >= 0]
    _, sizes = np.unique(assigned, return_counts=True)
    log.info("%s: %d clips in %d clusters", csv, len(result), len(sizes))
    if warning := collapse(sizes.max(initial=0) / max(1, len(assigned))):
        log.warning("%s: %s", csv, warning)
    if corrupt:
        log.warning("%s: %d corrupt clips have cluster -1; see column detail", csv, len(corrupt))


def _columns(
    prediction: Prediction, head: int, names: tuple[str, str, str]
) -> dict[str, np.ndarray]:
    arrays = prediction.clusters, prediction.confidences, prediction.margins
    return {name: array[:, head] for name, array in zip(names, arrays, strict=True)}


def predict(
    network: Network, clips: Clips, workers: int = 0, corrupt: CorruptClips | None = None
) -> dict[str, Prediction]:
    """Predict the clusters of all clips.

    Parameters
    ----------
    network : Network
        Moved to the GPU, if there is one, and set to evaluation mode.
    clips : Clips
        The N clips.
    workers : int
        Loader processes.
    corrupt : CorruptClips, optional
        Corrupt clips of `clips`; those found are added.

    Returns
    -------
    dict of str to Prediction
        By modality; with two modalities, "video+audio" comes first.
    """
    corrupt = CorruptClips(clips) if corrupt is None else corrupt
    predictions: dict[str, Prediction] = {}
    for samples, logits in batches_of_logits(network, corrupt, workers):
        log_p = {name: rows.log_softmax(-1) for name, rows in logits.items()}
        if len(log_p) == 2:
            both = torch.stack(list(log_p.values())).sum(0)
            log_p = {"video+audio": both.log_softmax(-1)} | log_p
        for name, rows in log_p.items():
            best = rows.topk(2, dim=-1)
            confidence, runner_up = best.values.exp().permute(2, 1, 0).cpu().numpy()
            prediction = predictions.setdefault(name, Prediction.unread(len(clips), len(rows)))
            prediction.clusters[samples] = best.indices[..., 0].T.cpu()
            prediction.confidences[samples] = confidence
            prediction.margins[samples] = confidence - runner_up
            prediction.second[samples] = best.indices[..., 1].T.cpu()
    return predictions


def _compress(csv: Path, above: int) -> None:
    compressed = csv.with_name(f"{csv.name}.gz")
    if csv.stat().st_size <= above:
        compressed.unlink(missing_ok=True)  # of a previous, larger table
        return
    with (
        csv.open("rb") as plain,
        atomic_path(compressed) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(
            "", "wb", 6, raw, mtime=0
        ) as file,  # mtime=0: the same table gives the same bytes
    ):
        shutil.copyfileobj(plain, file)
