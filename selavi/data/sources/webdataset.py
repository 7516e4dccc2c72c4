"""WebDataset shards that were made before, here or elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from selavi.data.sources.source import Source
from selavi.files import UserError


@dataclass(frozen=True)
class WebDataset(Source):
    """Shards to import.

    Parameters
    ----------
    root : Path
        What paths start from.
    tars : list of str
        A path or URL of each shard.
    labels : str
        "none" says that there are no classes.
    """

    root: Path
    tars: list[str]
    labels: str = "folder"

    stage = "import_shards"

    def count(self, enough: int | None = None) -> None:
        """Nobody can tell before the shards are imported."""

    def has_classes(self) -> bool:
        """Whether there may be classes."""
        return self.labels != "none"

    def describe(self, count: int | None) -> str:
        """Say how large the shards on this machine are."""
        return f"shards made before, {self.stored() / 1e9:.3g} GB here"

    def shard(self, number: int) -> str:
        """Path or URL of one of the shards."""
        tar = self.tars[number]
        return tar if "://" in tar else str(self.root / tar)

    def stored(self) -> int:
        """Bytes of the shards that are on this machine."""
        paths = [self.root / tar for tar in self.tars if "://" not in tar]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise UserError(f"{missing[0]} does not exist; set the split's `tars` to your shards")
        return sum(path.stat().st_size for path in paths)

    def state(self, number: int) -> list[int] | None:
        """Size in bytes and time in ns of a shard; None if it is not on this machine.

        The size alone says little: tars are filled up to whole blocks of 10 KiB.
        """
        path = Path(self.root, self.tars[number])
        if not path.is_file():
            return None
        status = path.stat()
        return [status.st_size, status.st_mtime_ns]
