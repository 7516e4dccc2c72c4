"""What a split is made from: the questions that every kind of source answers."""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd

from selavi.data.schema import SKIPPED


class Source(ABC):
    """What a split is made from, asked before anything is made of it.

    Methods raise UserError if the videos, or the files that name them, are not there.
    """

    stage: ClassVar[Literal["shard", "import_shards", "subset", "list_clips"]]
    """The stage that makes the split's clips."""

    @abstractmethod
    def count(self, enough: int | None = None) -> int | None:
        """Count the videos, as far as `enough` if given; None if unknown before the shards are."""

    @abstractmethod
    def has_classes(self) -> bool:
        """Whether videos have classes to compare clusters with, or may have."""

    @abstractmethod
    def describe(self, count: int | None) -> str:
        """Say in a few words what the source is, of so many videos."""

    def class_counts(self) -> Counter[str] | None:
        """Videos of each class, by its plain name; None if unknown before the shards are made."""
        return None

    def files(self) -> list[Path]:
        """Files, besides videos, that say what is in the split."""
        return []

    def stored(self) -> int:
        """Bytes of shards on this machine that were made before."""
        return 0


@dataclass(frozen=True)
class Listing:
    """What a source has.

    Parameters
    ----------
    videos : DataFrame
        Rows of a manifest, without their shard, in the order of their keys.
    skipped : DataFrame
        Files that are not videos by their suffix, with the columns `SKIPPED`.
    """

    videos: pd.DataFrame
    skipped: pd.DataFrame


def nothing_skipped() -> pd.DataFrame:
    """The skipped files of a source that names only videos: none."""
    return pd.DataFrame(columns=list(SKIPPED))


class VideoSource(Source):
    """A source of videos, which are listed in a manifest and normalised into shards."""

    stage = "shard"
    generated: ClassVar[bool] = False
    """Whether its videos are generated, so that any of them represent all."""

    @property
    @abstractmethod
    def place(self) -> Path:
        """The folder or file that has the videos, for messages."""

    @abstractmethod
    def listing(self) -> Listing:
        """List every video; nothing is decoded."""

    def describe(self, count: int | None) -> str:
        """Say how many videos there are."""
        return f"{count:,} videos"

    def examples(self, count: int, scratch: Path) -> pd.DataFrame:
        """List videos to sample `count` from; generated ones are written to `scratch`."""
        return self.listing().videos

    def changes(self, manifest: Path) -> tuple[list[str], list[str]]:
        """Keys of the videos that came since the manifest was made, and of those that are gone.

        Empty where the split's settings, or its `files`, change with the videos.
        """
        return [], []
