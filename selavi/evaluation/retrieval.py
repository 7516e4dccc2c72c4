"""The stage retrieval: whether the training videos nearest to a test video have its class."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from selavi.batch import Batch
from selavi.data.corrupt import CorruptClips
from selavi.data.index import rejected_note
from selavi.data.sampling import Clips, ViewGrid, view_batches
from selavi.data.schema import read_index
from selavi.evaluation.predict import best_device
from selavi.files import UserError, write_csv
from selavi.models.checkpoint import load_model
from selavi.models.feature_map import last_map
from selavi.models.network import Network
from selavi.neighbours import nearest
from selavi.progress import Bar
from selavi.settings import Modality, RetrievalSettings, RunSettings, VideoSettings

log = logging.getLogger(__name__)

NEIGHBOURS = 5  # per query in the table of neighbours
CROSS_MODAL = {"video to audio": ("p_video", "p_audio"), "audio to video": ("p_audio", "p_video")}


def retrieval(
    model: Path,
    gallery: Path,
    queries: Path,
    settings: RetrievalSettings,
    output: Path,
    neighbours: Path,
) -> pd.DataFrame:
    """Search each query's nearest gallery videos for its class, and write recall at k.

    A video's feature is the mean over its clips of the video encoder's last map, max-pooled,
    flattened and L2-normalised; distances are Euclidean (paper, section 4.3; gallery and queries
    have the same test views). If the run and all videos have audio, retrieval is also cross-modal,
    by the cluster probabilities of all heads.

    Parameters
    ----------
    model : Path
        The model file.
    gallery, queries : Path
        Indexes of the training and the test split.
    settings : RetrievalSettings
        Clips per video, frames, crop, values of k.
    output : Path
        CSV of recalls to write.
    neighbours : Path
        CSV of each query's nearest videos to write.

    Returns
    -------
    pandas.DataFrame
        A row per pair of modalities, with recalls in [0, 1].

    Raises
    ------
    UserError
        If the run has no video encoder, no query has a class, or no video can be read.
    """
    network, run, _ = load_model(model)
    splits = [read_index(path) for path in (gallery, queries)]
    modalities, reason = compared(run, splits)
    if "video" not in modalities:
        raise UserError(f"{model} has no video encoder; retrieval needs a run with video")
    features = [
        _features(network, retrieval_clips(table, path, run, settings, modalities), settings)
        for table, path in zip(splits, (gallery, queries), strict=True)
    ]
    unreadable = sum(len(t) - len(f["sample"]) for t, f in zip(splits, features, strict=True))
    corrupt = f"{unreadable} videos could not be read" if unreadable else ""
    note = "; ".join(filter(None, [corrupt, rejected_note(queries)]))
    labels = [
        table["label"].to_numpy(dtype=str)[rows["sample"].numpy()]
        for table, rows in zip(splits, features, strict=True)
    ]
    has_class = labels[1] != ""
    if not has_class.any():
        raise UserError(f"{queries}: no video has a class; retrieval needs labels")
    _warn_of_missing_classes(labels[0], labels[1][has_class], queries)
    searches = {"video": ("map", "map")} | (CROSS_MODAL if len(modalities) == 2 else {})
    count = min(len(labels[0]), max(settings.recall_at))
    rows: list[dict[str, Any]] = []
    for name, (query, key) in searches.items():
        indices, distances = nearest(features[1][query], features[0][key], count)
        correct = labels[0][indices.cpu().numpy()] == labels[1][:, None]
        recalls = {
            f"recall_at_{k}": correct[has_class, :k].any(1).mean() for k in settings.recall_at
        }
        sizes = {"queries": int(has_class.sum()), "gallery": len(labels[0])}
        rows.append({"modality": name, "note": note} | sizes | recalls)
        log.info("%s: recall at 1 %.3f", name, correct[has_class, 0].mean())
        if name == "video":
            write_csv(neighbours, _neighbours(splits, features, indices.cpu(), distances.cpu()))
    if reason:
        rows += [{"modality": name, "note": f"not run: {reason}"} for name in CROSS_MODAL]
    result = pd.DataFrame(rows).assign(pretraining=run.dataset)
    write_csv(output, result)
    return result


def clip_feature(maps: Tensor) -> Tensor:
    """Max-pool 2 x 2 x 2, flatten and L2-normalise feature maps.

    Parameters
    ----------
    maps : Tensor
        (B, D, T, height, width) float32; an axis of length 1 is not pooled.

    Returns
    -------
    Tensor
        (B, D'), rows of length 1; D' = 9,216 for R(2+1)D-18 and clips of 32 x 112 x 112.
    """
    kernel = [min(2, size) for size in maps.shape[2:]]
    return F.normalize(F.max_pool3d(maps, kernel).flatten(1), dim=1)


def retrieval_clips(
    table: pd.DataFrame,
    index: Path,
    run: RunSettings,
    settings: RetrievalSettings,
    modalities: list[Modality],
) -> Clips:
    """The clips of a split, with the frames and crop of retrieval.

    Parameters
    ----------
    table : pandas.DataFrame
        Index of the split.
    index : Path
        Its file, in the folder of the shards.
    run : RunSettings
        Settings of the network's run.
    settings : RetrievalSettings
        Frames and crop.
    modalities : list of {"video", "audio"}
        What to read.

    Returns
    -------
    Clips
        The split.
    """
    changes = {"frames": settings.frames, "crop": settings.crop or run.video.crop}
    changes["scale_min"] = max(run.video.scale_min, changes["crop"])
    changes["scale_max"] = max(run.video.scale_max, changes["scale_min"])
    video = VideoSettings.model_validate(run.video.model_dump() | changes)
    return Clips(table, index.parent, video, run.audio, modalities, run.max_corrupt)


def compared(run: RunSettings, splits: list[pd.DataFrame]) -> tuple[list[Modality], str]:
    """Choose the modalities to compare.

    Parameters
    ----------
    run : RunSettings
        Settings of the network's run.
    splits : list of pandas.DataFrame
        Indexes of gallery and queries.

    Returns
    -------
    modalities : list of {"video", "audio"}
        Both, if the run has them and every video has enough audio.
    reason : str
        Why audio is not compared; empty if it is, or if the run has one modality.
    """
    if run.network.fusion == "concat":
        return ["video"], "the run's heads see both modalities at once"
    minimum = [(run.audio.seconds * table["rate"]).clip(lower=1) for table in splits]
    silent = sum(int((t["samples"] < n).sum()) for t, n in zip(splits, minimum, strict=True))
    if len(run.modalities) == 2 and silent:
        return ["video"], f"{silent} videos have no audio, or less than {run.audio.seconds:g} s"
    return run.modalities, ""


def _features(network: Network, clips: Clips, settings: RetrievalSettings) -> dict[str, Tensor]:
    """Features of every readable video, means over its clips.

    `sample` (n,), `map` (n, D'), and with audio `p_video` and `p_audio` (n, H * K), probabilities
    of clusters.
    """
    blocks: dict[str, list[Tensor]] = {}
    for samples, means in _by_video(network, clips, settings):
        blocks.setdefault("sample", []).append(samples.cpu())
        for name, rows in means.items():
            blocks.setdefault(name, []).append(rows)
    if not blocks:
        raise UserError(f"none of the videos in {clips.folder} can be read")
    features = {name: torch.cat(rows) for name, rows in blocks.items()}
    for name, rows in features.items():
        if not bool(torch.isfinite(rows).all()):
            raise UserError(f"the network's features ({name}) are not finite; train it again")
    return features


def _by_video(
    network: Network, clips: Clips, settings: RetrievalSettings
) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
    """Means over the clips of each video, a few videos at a time."""
    device = best_device()
    network = network.to(device).eval()
    grid = ViewGrid(clips=settings.clips, crops=1)
    batches = view_batches(
        clips,
        views=grid,
        batch_size=settings.batch_size,
        workers=settings.machine.workers,
        device=device,
    )
    with Bar(total=len(clips), desc="features", unit="video") as bar:
        for batch in CorruptClips(clips).counted(batches):
            with torch.inference_mode():
                features = features_of_clips(network, batch.to(device), clips.modalities)
            samples = batch.sample[:: len(grid)]
            means = {n: r.unflatten(0, (-1, len(grid))).mean(1) for n, r in features.items()}
            bar.update(len(samples))
            yield samples, means


def features_of_clips(
    network: Network, batch: Batch, modalities: Sequence[Modality]
) -> dict[str, Tensor]:
    """Features of each clip: `map` (B, D'), and with audio `p_video` and `p_audio` (B, H * K)."""
    features = {"map": clip_feature(last_map(network.encoders["video"], batch.of("video")).float())}
    if len(modalities) == 2:
        _, logits = network(batch)
        for modality, rows in logits.items():
            features[f"p_{modality}"] = rows.softmax(-1).transpose(0, 1).flatten(1)
    return features


def _warn_of_missing_classes(gallery: np.ndarray, queries: np.ndarray, path: Path) -> None:
    missing = sorted(set(queries) - set(gallery))
    if missing:
        log.warning(
            "%s: %d classes have no training video, so their recall is 0: %s",
            path, len(missing), ", ".join(missing[:10]),
        )  # fmt: skip


def _neighbours(
    splits: list[pd.DataFrame],
    features: list[dict[str, Tensor]],
    indices: Tensor,
    distances: Tensor,
) -> pd.DataFrame:
    """A row per query and neighbour, nearest first."""
    count = min(NEIGHBOURS, indices.shape[1])
    queries = features[1]["sample"].numpy().repeat(count)
    neighbours = features[0]["sample"][indices[:, :count]].flatten().numpy()
    table = pd.DataFrame(
        {"query_sample": queries, "rank": np.tile(range(1, count + 1), len(indices))}
    )
    for name, index, samples in (
        ("query", splits[1], queries),
        ("neighbour", splits[0], neighbours),
    ):
        table[f"{name}_key"] = index["key"].to_numpy()[samples]
        table[f"{name}_label"] = index["label"].to_numpy()[samples]
    table["neighbour_sample"] = neighbours
    return table.assign(distance=distances[:, :count].flatten().numpy())
