"""A split's clips and how to look at them."""

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


@dataclass(frozen=True)
class Clips:
    """A split's clips and how to look at them.

    index : the index stage's table. folder : what its shards' names start from.
    modalities : what is read and decoded of a clip.
    max_corrupt : share of the clips that may prove corrupt, see `CorruptClips`.
    cache_gb : memory for frames that are read more than once, in 10^9 bytes.

    Raises
    ------
    UserError if sound is asked for and some clips have none, or their sample rates differ.
    """

    index: pd.DataFrame
    folder: Path
    video: VideoSettings
    audio: AudioSettings
    modalities: Sequence[Modality] = ("video", "audio")
    max_corrupt: float = 0.001
    cache_gb: float = 0.0

    def __post_init__(self) -> None:
        silent = int((self.index["samples"] == 0).sum())
        if "audio" in self.modalities and silent:
            raise UserError(
                f"{silent} of {len(self)} clips in {self.folder} have no sound, and this run "
                "listens: set media.audio: required for the dataset and make its shards again, or "
                "modalities: [video] for the run"
            )
        if "audio" in self.modalities and self.index["rate"].nunique() > 1:
            raise UserError(
                f"the clips in {self.folder} have sounds of several sample rates; make their "
                "shards again with one media.audio_rate"
            )

    def __len__(self) -> int:
        return len(self.index)

    @property
    def rate(self) -> int:
        """Sample rate of the sounds, in Hz."""
        return int(self.index["rate"].iloc[0])

    @cached_property
    def numbers(self) -> dict[str, np.ndarray]:
        """Columns that loading needs, each (N,); arrays, which loader processes share for free.

        Checksums are those not looked at yet, `UNKNOWN` for others.
        """
        found = {name: self.index[name].to_numpy() for name in (*MEDIA, *PLACES)}
        for name in CHECKSUMS:
            # Shared so that, once looked at, they are `UNKNOWN` to all: once a clip is enough.
            found[name] = shared(8 * len(self)).view(np.int64)
            found[name][:] = self.index[name].fillna(UNKNOWN) if name in self.index else UNKNOWN
        return found

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
    """The clips of an index file as a run looks at them. Raises UserError, see `Clips`.

    cache_gb : for clips that are read in many epochs.
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
