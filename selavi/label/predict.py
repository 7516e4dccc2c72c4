"""Features and logits of the windows of a shard, by the modalities that each has."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import torch

from selavi.data.dataset import Clips
from selavi.data.index import COUNTS
from selavi.data.sampling import pass_batches
from selavi.evaluation.predict import best_device
from selavi.label.duplicates import thumbnail_size, thumbnails
from selavi.label.loaded import Loaded
from selavi.settings import Modality

MODALITIES: tuple[Modality, ...] = ("video", "audio")
BATCH = 32


@dataclass(frozen=True)
class Predicted:
    """What the network says of n windows.

    Attributes
    ----------
    ids : numpy.ndarray
        (n,) text, the windows.
    features : dict of str to numpy.ndarray
        By modality of the heads: (n, D) float32, NaN for windows without it.
    logits : dict of str to numpy.ndarray
        By modality of the heads: (n, K) float32 of the selected head, NaN for windows without it.
    thumbnails : numpy.ndarray
        (n, D) float32, see `selavi.label.duplicates.thumbnails`; NaN for windows without video.
    corrupt : dict of str to str
        What is wrong with windows that could not be read, by id.
    """

    ids: np.ndarray
    features: dict[str, np.ndarray]
    logits: dict[str, np.ndarray]
    thumbnails: np.ndarray
    corrupt: dict[str, str] = field(default_factory=dict)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Features and logits, as `features_{modality}` and `logits_{modality}`."""
        arrays = {f"features_{name}": rows for name, rows in self.features.items()}
        return arrays | {f"logits_{name}": rows for name, rows in self.logits.items()}

    def write(self, file: BinaryIO) -> None:
        """Write an .npz."""
        content: dict[str, Any] = {"ids": self.ids, **self.arrays, "thumbnails": self.thumbnails}
        content["corrupt"] = np.array([*self.corrupt.items()], dtype=str).reshape(-1, 2)
        np.savez(file, **content)

    @classmethod
    def read(cls, path: Path) -> "Predicted":
        """Read what `write` wrote. Raises OSError and others if it is damaged."""
        with np.load(path, allow_pickle=False) as content:
            arrays = {
                kind: {
                    name.removeprefix(f"{kind}_"): content[name]
                    for name in content.files
                    if name.startswith(f"{kind}_")
                }
                for kind in ("features", "logits")
            }
            corrupt = {str(name): str(problem) for name, problem in content["corrupt"]}
            ids, thumbnails = content["ids"], content["thumbnails"]
            return cls(ids, **arrays, thumbnails=thumbnails, corrupt=corrupt)


def predict_shard(tar: Path, table: pd.DataFrame, loaded: Loaded, workers: int = 0) -> Predicted:
    """Run the network once over the middle clip of every window of a shard.

    Parameters
    ----------
    tar : Path
        The shard.
    table : DataFrame
        Its table; rejected rows are ignored.
    loaded : Loaded
        The network.
    workers : int
        Loader processes.

    Returns
    -------
    Predicted
        Of the windows that the network can see: by both modalities, or by the one that there is.

    Raises
    ------
    UserError
        If the shard is missing or cut short.
    """
    rows = table[table["reason"] == ""]
    rows = rows.astype(dict.fromkeys(COUNTS, "int64")).assign(shard=tar.name)
    seen = modalities_of(rows, loaded)
    rows, seen = rows[seen != ""], seen[seen != ""]
    ids = rows["id"].to_numpy(dtype=str)
    clusters = loaded.clusters
    predicted = Predicted(
        ids,
        {name: _unknown(len(ids), size) for name, size in loaded.feature_sizes.items()},
        {name: _unknown(len(ids), clusters) for name in loaded.network.modalities},
        _unknown(len(ids), thumbnail_size()),
    )
    for modalities in sorted(set(seen)):
        where = np.flatnonzero(seen == modalities)
        group = rows.iloc[where].reset_index(drop=True)
        clips = Clips(
            group.assign(sample=range(len(group))),
            tar.parent,
            loaded.settings.video,
            loaded.settings.audio,
            [name for name in modalities.split("+") if name in loaded.settings.decoded],
            given={
                name: loaded.embed[name](tar, group)
                for name in modalities.split("+")
                if name in loaded.settings.frozen
            },
        )
        _predict(clips, where, predicted, loaded, workers)
    return predicted


def modalities_of(rows: pd.DataFrame, loaded: Loaded) -> "pd.Series[str]":
    """The modalities of stored windows that the network uses.

    Parameters
    ----------
    rows : DataFrame
        Accepted rows of a shard's table.
    loaded : Loaded
        The network.

    Returns
    -------
    Series of str
        Such as "video+audio"; "" for a window that the network cannot see.
    """
    has = {"video": rows["video_size"] > 0, "audio": rows["samples"] > 0}
    used = [name for name in MODALITIES if name in loaded.settings.modalities]
    names = pd.Series("", index=rows.index, dtype=object)
    for name in used:
        names[has[name]] = names[has[name]].map(lambda before, n=name: f"{before}+{n}".strip("+"))
    if loaded.network.joined:
        names[names != "+".join(used)] = ""
    return names


def _unknown(rows: int, columns: int) -> np.ndarray:
    return np.full((rows, columns), np.nan, np.float32)


def _predict(
    clips: Clips, where: np.ndarray, predicted: Predicted, loaded: Loaded, workers: int
) -> None:
    """Fill in the rows `where` of `predicted`, which are those of `clips`."""
    device = best_device()
    # Without a GPU the network takes all CPUs, and much longer than reading its clips.
    workers = 0 if device.type == "cpu" else min(workers, -(-len(clips) // BATCH))
    network = loaded.network.to(device)
    for batch in pass_batches(clips, batch_size=BATCH, workers=workers, device=device):
        for sample, problem in batch.corrupt.items():
            predicted.corrupt[str(predicted.ids[where[sample]])] = problem
        if not len(batch.sample):
            continue
        rows = where[batch.sample.cpu().numpy()]
        with torch.inference_mode():
            features = network.encode(batch, modalities=[*clips.modalities, *clips.given])
            for name, values in features.items():
                logits = network.logits(name, values, heads=[loaded.head])[0]
                predicted.features[name][rows] = values.cpu().numpy()
                predicted.logits[name][rows] = logits.float().cpu().numpy()
            if "video" in clips.modalities:  # else it is features
                seen = thumbnails(batch.of("video"))
                predicted.thumbnails[rows] = seen.cpu().numpy()
