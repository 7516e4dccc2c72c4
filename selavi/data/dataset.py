"""A split's clips and how they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.features.gather import GivenFeatures, read_given
from selavi.data.features.views import FeatureViews
from selavi.data.frame_cache import FrameCache, shared
from selavi.data.schema import CHECKSUMS, MEDIA, PLACES, read_index
from selavi.data.shards.reader import UNKNOWN
from selavi.files import UserError
from selavi.settings import AudioSettings, Modality, RunSettings, VideoSettings

LACKING = (("video", "audio", "width"), ("audio", "video", "samples"))
"""A modality, the other one, and the column that is 0 where a clip lacks the first."""


@dataclass(frozen=True)
class Clips:
    """A split's clips and how they are read.

    Attributes
    ----------
    index : DataFrame
        The split's index, N rows.
    folder : Path
        The folder of the index, to which the names of shards are relative.
    video : VideoSettings
        How frames become the network's input.
    audio : AudioSettings
        How samples become the network's input.
    modalities : sequence of str
        What is read and decoded: "video", "audio", both or, if all features are given, none.
    max_corrupt : float
        Share of the clips that may be corrupt, see `CorruptClips`.
    cache_gb : float
        Memory for decoded frames, in 10^9 bytes.
    given : mapping of str to GivenFeatures
        Features of the other modalities. A clip that any of them rejects counts as corrupt.
    feature_views : FeatureViews, optional
        How views of these are drawn in training; by default all views are the same.

    Raises
    ------
    UserError
        If a modality is to be read that some clips lack, or their sample rates differ.
    """

    index: pd.DataFrame
    folder: Path
    video: VideoSettings
    audio: AudioSettings
    modalities: Sequence[Modality] = ("video", "audio")
    max_corrupt: float = 0.001
    cache_gb: float = 0.0
    given: Mapping[Modality, GivenFeatures] = field(default_factory=dict)
    feature_views: FeatureViews | None = None

    def __post_init__(self) -> None:
        for modality, other, column in LACKING:
            lacking = int((self.index[column] == 0).sum())
            if modality in self.modalities and lacking:
                raise UserError(
                    f"{lacking} of {len(self)} clips in {self.folder} have no {modality}, which "
                    f"this run needs: set media.{modality}: required for the dataset and make its "
                    f"shards again, or modalities: [{other}] for the run"
                )
        if "audio" in self.modalities and self.index["rate"].nunique() > 1:
            raise UserError(
                f"the clips in {self.folder} have different sample rates; make their "
                "shards again with one media.audio_rate"
            )

    def __len__(self) -> int:
        return len(self.index)

    @property
    def features(self) -> dict[Modality, np.ndarray]:
        """By modality, the given features: (N, D) float32, which may be memory-mapped."""
        return {modality: given.rows for modality, given in self.given.items()}

    @cached_property
    def rejected(self) -> dict[int, str]:
        """Why clips have no features, by sample."""
        return {
            sample: f"no {modality} features: {reason}"
            for modality, given in self.given.items()
            for sample, reason in given.rejected.items()
        }

    @property
    def rate(self) -> int:
        """Sample rate of the audio, in Hz."""
        return int(self.index["rate"].iloc[0])

    @cached_property
    def numbers(self) -> dict[str, np.ndarray]:
        """Columns that loading needs, each (N,), as arrays that forked loader processes share.

        A checksum that was checked, or that the index lacks, is `UNKNOWN`.
        """
        columns = {name: self.index[name].to_numpy() for name in (*MEDIA, *PLACES)}
        for name in CHECKSUMS:
            # Shared memory, so that one process's check of a clip serves all.
            columns[name] = shared(8 * len(self)).view(np.int64)
            columns[name][:] = self.index[name].fillna(UNKNOWN) if name in self.index else UNKNOWN
        return columns

    @cached_property
    def ids(self) -> np.ndarray:
        """Names of the clips' members without suffix, (N,) bytes; shared like `numbers`."""
        return self.index["id"].to_numpy().astype("S")

    @cached_property
    def shards(self) -> tuple[list[Path], np.ndarray]:
        """Paths of the shards, by name, and of each clip the number of its shard, (N,) int32."""
        codes, names = pd.factorize(self.index["shard"], sort=True)
        return [self.folder / str(name) for name in names], codes.astype(np.int32)

    @cached_property
    def frames(self) -> FrameCache:
        """Decoded frames, which all loaders of these clips share."""
        frames, heights, widths = (self.numbers[name] for name in ("frames", "height", "width"))
        return FrameCache(frames, heights, widths, self.video.grey, 1e9 * self.cache_gb)

    def describe(self, sample: int, problem: str) -> str:
        """One line on a corrupt clip: its video, its shard and the problem."""
        row = self.index.iloc[sample]
        if not row["shard"]:
            return f"{row['key']}: {problem}"
        return f"{row['path']} in {self.folder / row['shard']}: {problem}"


def open_clips(
    index: Path,
    settings: RunSettings,
    cache_gb: float = 0.0,
    features: Mapping[Modality, Path] | None = None,
) -> Clips:
    """Open the clips of an index as a run reads them.

    Parameters
    ----------
    index : Path
        Index of the split, in the folder of its shards.
    settings : RunSettings
        Settings of the run.
    cache_gb : float
        Memory for decoded frames, in 10^9 bytes, for clips that are read in many epochs.
    features : mapping of str to Path, optional
        Files of features of the modalities whose encoder is frozen, see `read_given`; those of
        others are not read.

    Returns
    -------
    Clips
        With the run's modalities.

    Raises
    ------
    UserError
        If the index or features cannot be read, features of a modality are lacking, or as `Clips`.
    """
    table, files = read_index(index), features or {}
    for modality in settings.frozen:
        if modality not in files:
            raise UserError(
                f"the {modality} encoder of the run is {settings.network.encoder(modality)!r}, "
                f"which is not trained, and the {modality} features of {index} are not given; name "
                f"their file: --features {modality}=FILE"
            )
    return Clips(
        table,
        index.parent,
        settings.video,
        settings.audio,
        settings.decoded,
        settings.max_corrupt,
        cache_gb,
        {modality: read_given(files[modality], table) for modality in settings.frozen},
    )
