"""A split's clips and how they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

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
        What is read and decoded: "video", "audio" or both.
    max_corrupt : float
        Share of the clips that may be corrupt, see `CorruptClips`.
    cache_gb : float
        Memory for decoded frames, in 10^9 bytes.

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
        return f"{row['path']} in {self.folder / row['shard']}: {problem}"


def open_clips(index: Path, settings: RunSettings, cache_gb: float = 0.0) -> Clips:
    """Open the clips of an index as a run reads them.

    Parameters
    ----------
    index : Path
        Index of the split, in the folder of its shards.
    settings : RunSettings
        Settings of the run.
    cache_gb : float
        Memory for decoded frames, in 10^9 bytes, for clips that are read in many epochs.

    Returns
    -------
    Clips
        With the run's modalities.

    Raises
    ------
    UserError
        If the index cannot be read, or as `Clips`.
    """
    return Clips(
        read_index(index),
        index.parent,
        settings.video,
        settings.audio,
        settings.modalities,
        settings.max_corrupt,
        cache_gb,
    )
