"""Retrieval: the training videos nearest to a test video, and whether they have its class."""

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
from selavi.evaluation.neighbours import nearest
from selavi.evaluation.predict import best_device
from selavi.files import UserError, write_csv
from selavi.models.checkpoint import load_model
from selavi.models.feature_map import last_map
from selavi.models.network import Network
from selavi.progress import Bar
from selavi.settings import Modality, RetrievalSettings, RunSettings, VideoSettings

log = logging.getLogger(__name__)

SHOWN = 5  # neighbours of each query that are written
ACROSS = {"video to audio": ("p_video", "p_audio"), "audio to video": ("p_audio", "p_video")}


def retrieval(
    model: Path,
    gallery: Path,
    queries: Path,
    settings: RetrievalSettings,
    output: Path,
    neighbours: Path,
) -> pd.DataFrame:
    """Look for each query video's class among its nearest gallery videos, and write recalls.

    A video's feature is the mean over its clips of the last map of the video encoder, max-pooled,
    flattened and scaled to length 1; neighbours are by Euclidean distance (paper, section 4.3, and
    its release's protocol, but with the same test views for gallery and queries). If run and videos
    have sound, videos also look for sounds and sounds for videos, by the probabilities of the
    clusters of all heads.

    Parameters
    ----------
    gallery, queries : indexes of the training and of the test split.
    output : CSV of recalls. neighbours : CSV of the nearest videos of each query.

    Raises
    ------
    UserError if no query has a class or no video can be read.
    """
    network, run, _ = load_model(model)
    splits = [read_index(path) for path in (gallery, queries)]
    modalities, silent = compared(run, splits)
    if "video" not in modalities:
        raise UserError(f"{model} has no video encoder; retrieval compares pictures")
    found = [
        _features(network, retrieval_clips(table, path, run, settings, modalities), settings)
        for table, path in zip(splits, (gallery, queries), strict=True)
    ]
    left_out = sum(len(t) - len(f["sample"]) for t, f in zip(splits, found, strict=True))
    unread = f"{left_out} videos could not be read" if left_out else ""
    note = "; ".join(filter(None, [unread, rejected_note(queries)]))
    labels = [
        table["label"].to_numpy(dtype=str)[part["sample"].numpy()]
        for table, part in zip(splits, found, strict=True)
    ]
    asking = labels[1] != ""
    if not asking.any():
        raise UserError(f"{queries}: no video has a class to look for")
    _say_missing_classes(labels[0], labels[1][asking], queries)
    searches = {"video": ("map", "map")} | (ACROSS if len(modalities) == 2 else {})
    count = min(len(labels[0]), max(settings.recall_at))
    rows: list[dict[str, Any]] = []
    for name, (asked, answering) in searches.items():
        places, distances = nearest(found[1][asked], found[0][answering], count)
        right = labels[0][places.cpu().numpy()] == labels[1][:, None]
        recalls = {f"recall_at_{k}": right[asking, :k].any(1).mean() for k in settings.recall_at}
        sizes = {"queries": int(asking.sum()), "gallery": len(labels[0])}
        rows.append({"modality": name, "note": note} | sizes | recalls)
        log.info("%s: recall at 1 %.3f", name, right[asking, 0].mean())
        if name == "video":
            write_csv(neighbours, _neighbours(splits, found, places.cpu(), distances.cpu()))
    if silent:
        rows += [{"modality": name, "note": f"not run: {silent}"} for name in ACROSS]
    result = pd.DataFrame(rows).assign(pretraining=run.dataset)
    write_csv(output, result)
    return result


def clip_feature(maps: Tensor) -> Tensor:
    """Max-pooled 2 x 2 x 2, flattened, length 1: (B, D, T, height, width) -> (B, D').

    Axes of one entry stay as they are, so that small maps of narrow networks can be used.
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
    """A split's videos as retrieval looks at them."""
    changes = {"frames": settings.frames, "crop": settings.crop or run.video.crop}
    changes["scale_min"] = max(run.video.scale_min, changes["crop"])
    changes["scale_max"] = max(run.video.scale_max, changes["scale_min"])
    video = VideoSettings.model_validate(run.video.model_dump() | changes)
    return Clips(table, index.parent, video, run.audio, modalities, run.max_corrupt)


def compared(run: RunSettings, splits: list[pd.DataFrame]) -> tuple[list[Modality], str]:
    """What is compared, and why not more than the picture."""
    if run.network.fusion == "concat":
        return ["video"], "the run's heads see both modalities at once"
    least = [(run.audio.seconds * table["rate"]).clip(lower=1) for table in splits]
    silent = sum(int((t["samples"] < n).sum()) for t, n in zip(splits, least, strict=True))
    if len(run.modalities) == 2 and silent:
        return ["video"], f"{silent} videos have no sound, or less than {run.audio.seconds:g} s"
    return run.modalities, ""


def _features(network: Network, clips: Clips, settings: RetrievalSettings) -> dict[str, Tensor]:
    """Features of every video that can be read.

    `sample` (n,), `map` (n, D'), and with sound `p_video` and `p_audio` (n, H * K), probabilities
    of clusters; all means over clips.
    """
    parts: dict[str, list[Tensor]] = {}
    for samples, features in _by_video(network, clips, settings):
        parts.setdefault("sample", []).append(samples.cpu())
        for name, rows in features.items():
            parts.setdefault(name, []).append(rows)
    if not parts:
        raise UserError(f"none of the videos in {clips.folder} can be read")
    found = {name: torch.cat(pieces) for name, pieces in parts.items()}
    for name, rows in found.items():
        if not bool(torch.isfinite(rows).all()):
            raise UserError(f"the network gives features ({name}) that are not finite numbers")
    return found


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
    """Features of each clip: `map`, and with sound `p_video` and `p_audio`; see `_features`."""
    found = {"map": clip_feature(last_map(network.encoders["video"], batch.of("video")).float())}
    if len(modalities) == 2:
        _, logits = network(batch)
        for modality, rows in logits.items():
            found[f"p_{modality}"] = rows.softmax(-1).transpose(0, 1).flatten(1)
    return found


def _say_missing_classes(gallery: np.ndarray, queries: np.ndarray, path: Path) -> None:
    missing = sorted(set(queries) - set(gallery))
    if missing:
        log.warning(
            "%s: %d classes have no training video, so that their videos find none: %s",
            path, len(missing), ", ".join(missing[:10]),
        )  # fmt: skip


def _neighbours(
    splits: list[pd.DataFrame], found: list[dict[str, Tensor]], places: Tensor, distances: Tensor
) -> pd.DataFrame:
    """A row per query and neighbour, nearest first."""
    count = min(SHOWN, places.shape[1])
    asking = found[1]["sample"].numpy().repeat(count)
    answering = found[0]["sample"][places[:, :count]].flatten().numpy()
    table = pd.DataFrame(
        {"query_sample": asking, "rank": np.tile(range(1, count + 1), len(places))}
    )
    for name, index, samples in (("query", splits[1], asking), ("neighbour", splits[0], answering)):
        table[f"{name}_key"] = index["key"].to_numpy()[samples]
        table[f"{name}_label"] = index["label"].to_numpy()[samples]
    table["neighbour_sample"] = answering
    return table.assign(distance=distances[:, :count].flatten().numpy())
