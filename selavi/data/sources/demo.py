"""The embedded demo as a source: its videos are made first; see `demo_dataset`."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from selavi.data.sources.folder import Folder
from selavi.data.sources.source import Listing, VideoSource
from selavi.settings import EmbeddedSettings


@dataclass(frozen=True)
class Demo(VideoSource):
    """A split of the embedded demo.

    Parameters
    ----------
    folder : Folder
        Where its videos are, once made.
    settings : EmbeddedSettings
        How many videos are made.
    split : str
        "train", or another for the test videos.
    """

    folder: Folder
    settings: EmbeddedSettings
    split: str

    generated = True

    @property
    def place(self) -> Path:
        """The folder."""
        return self.folder.place

    def count(self, enough: int | None = None) -> int:
        """Videos that are made, without those that are broken on purpose."""
        made = self.settings
        each = made.train_per_class if self.split == "train" else made.test_per_class
        return made.classes * each

    def describe(self, count: int | None) -> str:
        """Say how many videos there will be."""
        return f"{super().describe(count)} (to be made)"

    def has_classes(self) -> bool:
        """Every video has a class."""
        return True

    def listing(self) -> Listing:
        """List the videos that were made."""
        return self.folder.listing()

    def examples(self, count: int, scratch: Path) -> pd.DataFrame:
        """Make a few videos, which represent all."""
        from selavi.data.sources.demo_dataset import make_demo_dataset  # slow to import

        folder = Path(tempfile.mkdtemp(dir=scratch))
        make_demo_dataset(
            folder, classes=1, train_per_class=count, test_per_class=0, bad_files=False, workers=1
        )
        return Folder(folder / "train").listing().videos
