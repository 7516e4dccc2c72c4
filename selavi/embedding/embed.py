"""The stage embed: features of the clips of a shard."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from selavi.data.dataset import Clips
from selavi.data.features.gather import GivenFeatures
from selavi.data.index import COUNTS
from selavi.data.sampling import pass_batches
from selavi.data.schema import read_shard_table
from selavi.data.shards.reader import CorruptClip
from selavi.embedding.clip import Clip, read_clip
from selavi.embedding.embedder import Embedder, load_embedder
from selavi.files import UserError, atomic_path
from selavi.models.checkpoint import load_model
from selavi.models.zoo import resolve
from selavi.progress import Bar
from selavi.settings import AudioSettings, EmbedderSettings, Modality, VideoSettings
from selavi.shortage import shortage

log = logging.getLogger(__name__)

ENOUGH = 3
"""Clips of a shard that a plug-in has to fail on, all of them, to be at fault itself."""
OWN = "selavi:"
"""Factories of trained models of ours, which read clips as their training did."""


@dataclass
class ShardEmbedder:
    """An embedder that is loaded, with the way in which it sees clips.

    Parameters
    ----------
    settings : EmbedderSettings
        The embedder.
    threads : int
        Clips that are decoded at a time.

    Attributes
    ----------
    width : int
        Number of features, D; 0 before the first clip.
    """

    settings: EmbedderSettings
    threads: int = 1

    def __post_init__(self) -> None:
        self.width = 0
        self.own = self.settings.factory.startswith(OWN)
        if self.own:
            path = resolve(self.settings.factory.removeprefix(OWN))
            self.network, self.run, _ = load_model(path)
            if self.settings.modality not in self.run.decoded:
                raise UserError(
                    f"{path} has no {self.settings.modality} encoder of its own; name another model"
                )
        else:
            self.embedder: Embedder = load_embedder(self.settings)

    def embed(self, tar: Path, rows: pd.DataFrame) -> GivenFeatures:
        """Compute the features of clips of a shard.

        Parameters
        ----------
        tar : Path
            The shard.
        rows : DataFrame
            n accepted rows of its table.

        Returns
        -------
        GivenFeatures
            (n, D) float32 in the order of `rows`, 0 for rejected clips.

        Raises
        ------
        UserError
            If the shard is damaged, the embedder returns another shape than (B, D), or it fails on
            every one of several clips.
        """
        rows = rows.astype(dict.fromkeys(COUNTS, "int64")).reset_index(drop=True)
        rows = rows.assign(shard=tar.name, sample=range(len(rows)))
        rejected: dict[int, str] = {}
        parts = self._own(tar, rows, rejected) if self.own else self._foreign(tar, rows, rejected)
        found = list(parts)
        result = np.zeros((len(rows), self.width), np.float32)
        for samples, block in found:
            result[samples] = block
        infinite = np.flatnonzero(~np.isfinite(result).all(1))
        rejected |= dict.fromkeys(infinite.tolist(), "its features are not finite")
        result[infinite] = 0
        return GivenFeatures(result, rejected)

    def _clips(
        self,
        tar: Path,
        rows: pd.DataFrame,
        modalities: Sequence[Modality] = (),
        video: VideoSettings | None = None,
        audio: AudioSettings | None = None,
    ) -> Clips:
        return Clips(
            rows, tar.parent, video or VideoSettings(), audio or AudioSettings(), modalities
        )

    def _foreign(
        self, tar: Path, rows: pd.DataFrame, rejected: dict[int, str]
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        clips = self._clips(tar, rows)
        errors: list[Exception] = []
        size = self.settings.batch_size
        chunks = [range(n, min(n + size, len(rows))) for n in range(0, len(rows), size)]
        with (
            ThreadPoolExecutor(self.threads) as pool,
            Bar(total=len(rows), desc="embed", unit="clip") as bar,
        ):
            for chunk in chunks:
                read: list[tuple[int, Clip]] = []
                for sample, clip in zip(
                    chunk, pool.map(lambda n: self._read(clips, n), chunk), strict=True
                ):
                    if isinstance(clip, str):
                        rejected[sample] = clip
                    else:
                        read.append((sample, clip))
                yield from self._embedded(read, rejected, errors)
                bar.update(len(chunk))
        if len(errors) >= ENOUGH and len(rejected) == len(rows):
            raise UserError(
                f"the embedder {self.settings.factory} fails on every clip of {tar}: {errors[0]}"
            ) from errors[0]

    def _read(self, clips: Clips, sample: int) -> Clip | str:
        try:
            return read_clip(clips, sample, self.settings)
        except CorruptClip as error:
            return str(error)

    def _embedded(
        self, read: list[tuple[int, Clip]], rejected: dict[int, str], errors: list[Exception]
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        """Features of a batch; if it fails, clip by clip."""
        if not read:
            return
        try:
            yield [sample for sample, _ in read], self._called([clip for _, clip in read])
        except UserError:
            raise
        except Exception as error:
            if shortage(error):
                raise
            if len(read) > 1:
                for one in read:
                    yield from self._embedded([one], rejected, errors)
                return
            errors.append(error)
            rejected[read[0][0]] = f"{self.settings.factory}: {type(error).__name__}: {error}"

    def _called(self, clips: list[Clip]) -> np.ndarray:
        rows = _array(self.embedder(clips))
        self._require_shape(rows.shape, len(clips))
        return rows.astype(np.float32)

    def _require_shape(self, shape: tuple[int, ...], count: int) -> None:
        width = self.width or (shape[1] if len(shape) == 2 else 0)
        if len(shape) != 2 or shape != (count, width) or not width:
            raise UserError(
                f"the embedder {self.settings.factory} returned an array of shape {shape} for "
                f"{count} clips; it has to be ({count}, {width or 'D'})"
            )
        self.width = width

    def _own(
        self, tar: Path, rows: pd.DataFrame, rejected: dict[int, str]
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        """Pooled features of a trained network, of the middle clip."""
        modality = self.settings.modality
        has = rows["width" if modality == "video" else "samples"] > 0
        rejected |= dict.fromkeys(np.flatnonzero(~has).tolist(), f"it has no {modality}")
        usable = np.flatnonzero(has)
        some = rows.iloc[usable].assign(sample=range(len(usable)))
        clips = self._clips(tar, some, [modality], self.run.video, self.run.audio)
        for batch in pass_batches(clips, batch_size=self.settings.batch_size):
            rejected |= {int(usable[n]): problem for n, problem in batch.corrupt.items()}
            if not len(batch.sample):
                continue
            with torch.inference_mode():
                features = self.network.encode(batch, modalities=[modality])[modality].numpy()
            self._require_shape(features.shape, len(batch.sample))
            yield usable[batch.sample.numpy()].tolist(), features


def _array(returned: Any) -> np.ndarray:
    """What a plug-in returns as an array: tensors of any device and type too, and lists of rows."""
    if isinstance(returned, torch.Tensor):
        returned = returned.detach().cpu()
        return (returned.float() if returned.is_floating_point() else returned).numpy()
    if isinstance(returned, (list, tuple)):
        rows = [_array(row) for row in returned]
        if len({row.shape for row in rows}) > 1:
            return np.empty(len(rows), object)  # whose shape is refused
        return np.array(rows)
    return np.asarray(returned)


def embed_shard(
    settings: EmbedderSettings, tar: Path, table: Path, output: Path, threads: int = 1
) -> None:
    """Write the features of the clips of a shard.

    Parameters
    ----------
    settings : EmbedderSettings
        The embedder.
    tar, table : Path
        The shard, and the table of its videos.
    output : Path
        The .npz to write: `ids` (n,) text, `features` (n, D) float32, and `rejected` (m, 2), ids
        and reasons.
    threads : int
        Clips that are decoded at a time.

    Raises
    ------
    UserError
        As `ShardEmbedder`.
    """
    rows = read_shard_table(table)
    rows = rows[rows["reason"] == ""]
    given = ShardEmbedder(settings, threads).embed(tar, rows)
    ids = rows["id"].to_numpy(str)
    good = np.setdiff1d(np.arange(len(rows)), list(given.rejected))
    reasons = [(ids[sample], reason) for sample, reason in sorted(given.rejected.items())]
    with atomic_path(output) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            ids=ids[good],
            features=given.rows[good],
            rejected=np.array(reasons, str).reshape(-1, 2),
        )
    log.info("%s: %d clips embedded, %d rejected", output, len(good), len(reasons))
