"""What a labelling has done so far: shards of windows, and what the network says of them.

A window is known by its id, which changes with its file. Each call stores and predicts what is
missing, a shard at a time, so that memory is bounded and a killed run loses one shard at most.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

from selavi.data.index import COUNTS
from selavi.data.schema import CHECKSUMS, read_shard_table
from selavi.data.shards.writer import write_shard
from selavi.files import atomic_path, write_csv
from selavi.label.inputs import key_of
from selavi.label.loaded import Loaded
from selavi.label.predict import Predicted, predict_shard
from selavi.label.windows import middle_part
from selavi.progress import Bar
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

SHARD = 128
"""Windows of a shard."""


@dataclass(frozen=True)
class Part:
    """Windows that are stored and predicted.

    Attributes
    ----------
    tar : Path
        Their shard.
    table : DataFrame
        The shard's table, with a reason for each window that could not be stored.
    predicted : Predicted
        What the network says of the others.
    """

    tar: Path
    table: pd.DataFrame
    predicted: Predicted


class Work:
    """The shards of a labelling.

    Parameters
    ----------
    folder : Path
        Where they are; shards of other settings are in folders beside.
    media : MediaSettings
        How windows are normalised.
    seconds : float
        Length of the middle part of a window that is stored.
    """

    def __init__(self, folder: Path, media: MediaSettings, seconds: float) -> None:
        recipe = json.dumps([media.model_dump(), seconds], sort_keys=True)
        name = f"clips-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"
        self.folder, self.media, self.seconds = folder / name, media, seconds

    def numbers(self) -> list[int]:
        """Numbers of the shards that are complete."""
        tables = self.folder.glob("[0-9]*.csv")
        return sorted(int(table.stem) for table in tables if table.with_suffix(".tar").exists())

    def parts(self, plan: pd.DataFrame, loaded: Loaded, workers: int = 1) -> Iterator[Part]:
        """Store and predict the windows of a plan, as far as that was not done before.

        Parameters
        ----------
        plan : DataFrame
            Columns `selavi.label.windows.PLAN`; rows with a reason are ignored.
        loaded : Loaded
            The network.
        workers : int
            Windows that are decoded at a time.

        Yields
        ------
        Part
            Shard by shard; they hold all windows of the plan, and may hold others.
        """
        wanted = plan[plan["reason"] == ""]
        missing = dict.fromkeys(wanted["id"])
        with Bar(total=len(wanted), desc="label", unit="window") as bar:
            for number in self.numbers():
                table = self._table(number)
                here = [name for name in table["id"] if name in missing]
                if here:
                    for name in here:
                        del missing[name]
                    yield self._part(number, table, loaded, workers)
                    bar.update(len(here))
            rest = wanted[wanted["id"].isin(missing)]
            number = max(self.numbers(), default=-1)
            for first in range(0, len(rest), SHARD):
                number += 1
                rows = rest.iloc[first : first + SHARD]
                table = self._store(number, rows, workers)
                yield self._part(number, table, loaded, workers)
                bar.update(len(rows))

    def clips(self, plan: pd.DataFrame) -> pd.DataFrame:
        """What is stored of the windows of a plan.

        Returns
        -------
        DataFrame
            A row of a shard table per stored window, with the window's `start` and `end` in place
            of the part's, and its shard's absolute path, `shard`.
        """
        tables = [
            self._table(number).assign(shard=str(self._path(number, ".tar").absolute()))
            for number in self.numbers()
        ]
        if not tables:
            return pd.DataFrame(columns=["id", "path", "start", "end", "shard"])
        rows = pd.concat(tables, ignore_index=True)
        rows = rows[(rows["reason"] == "") & ~rows["id"].duplicated()]
        rows = rows.astype(dict.fromkeys(COUNTS, "int64") | dict.fromkeys(CHECKSUMS, "Int64"))
        windows = plan.drop_duplicates("id")[["id", "path", "start", "end"]]
        return rows.drop(columns=["path", "start", "end"]).merge(windows, on="id")

    def predictions(self, loaded: Loaded) -> Iterator[Predicted]:
        """What the network says of all windows that it has seen, a shard at a time."""
        for number in self.numbers():
            path = self._predicted(number, loaded)
            if path.exists():
                yield Predicted.read(path)

    def positions(self, loaded: Loaded) -> Path:
        """File for where the windows lie in the plane, by the network's features."""
        return self.folder / f"map.{loaded.digest[:16]}.npz"

    def _predicted(self, number: int, loaded: Loaded) -> Path:
        return self._path(number, f".{loaded.digest[:16]}.npz")

    def _path(self, number: int, suffix: str) -> Path:
        return self.folder / f"{number:05d}{suffix}"

    def _table(self, number: int) -> pd.DataFrame:
        return read_shard_table(self._path(number, ".csv"))

    def _store(self, number: int, rows: pd.DataFrame, workers: int) -> pd.DataFrame:
        """Write a shard of the middle parts of windows; return its table."""
        manifest = self.folder / "manifests" / f"{number:05d}.csv"
        tar, table = self._path(number, ".tar"), self._path(number, ".csv")
        table.unlink(missing_ok=True)  # of a killed run: a table without a tar
        for stale in self.folder.glob(f"{number:05d}.*.npz"):
            stale.unlink()
        write_csv(manifest, self._manifest(rows).assign(shard=number))
        write_shard(manifest, number, tar, table, self.media, workers, quiet=True)
        return self._table(number)

    def _manifest(self, rows: pd.DataFrame) -> pd.DataFrame:
        columns = rows["path"].tolist(), rows["start"].tolist(), rows["end"].tolist()
        windows = list(zip(*columns, strict=True))
        parts = [middle_part(start, end, self.seconds) for _, start, end in windows]
        keys = [key_of(path, start, end) for path, start, end in windows]
        return pd.DataFrame(
            {
                "id": rows["id"], "key": keys, "path": rows["path"], "label": "", "reason": "",
                "detail": "", "start": [start for start, _ in parts],
                "end": [end for _, end in parts],
            }
        )  # fmt: skip

    def _part(self, number: int, table: pd.DataFrame, loaded: Loaded, workers: int) -> Part:
        """A shard with its predictions, which are made unless they are there."""
        path = self._predicted(number, loaded)
        tar = self._path(number, ".tar")
        try:
            predicted = Predicted.read(path)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            log.warning("%s is damaged (%s); it is made again", path, error)
        else:
            if set(predicted.ids) | set(predicted.corrupt) <= set(table["id"]):
                return Part(tar, table, predicted)
            log.warning("%s is of other windows; it is made again", path)
        predicted = predict_shard(tar, table, loaded, 0 if workers == 1 else workers)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            predicted.write(file)
        return Part(tar, table, predicted)
