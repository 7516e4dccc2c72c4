"""A table of clips without media as a source: what features that are given belong to."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from selavi.data.index import write_split
from selavi.data.manifest import id_of, printable
from selavi.data.schema import (
    CHECKSUMS,
    MEDIA,
    OUTCOME,
    PLACES,
    SEGMENT,
    SHARD_TABLE,
    further,
)
from selavi.data.sources.source import Source
from selavi.data.sources.split_files import plain_class
from selavi.data.sources.video_table import read_video_table
from selavi.files import UserError
from selavi.settings import TableColumns


@dataclass(frozen=True)
class ClipTable(Source):
    """The clips that a CSV names: `key`, optionally `label`, and further columns.

    Parameters
    ----------
    table : Path
        The CSV.
    labels : str
        "none" ignores its classes.
    columns : TableColumns, optional
        Names of its columns; `path` is that of the keys.
    """

    table: Path
    labels: str = "folder"
    columns: TableColumns | None = None

    stage = "list_clips"

    def _read(self) -> pd.DataFrame:
        if not self.table.is_file():
            raise UserError(f"{self.table} does not exist; set the split's `clips` to your list")
        columns = self.columns or TableColumns()
        named = columns.model_copy(update={"path": columns.path or "key"})
        listed = read_video_table(self.table, named)
        rows = listed.rename(columns={"path": "key"})
        rows["key"] = rows["key"].map(lambda key: printable(key.strip()))
        twice = rows.loc[rows["key"].duplicated(), "key"]
        if len(twice):
            raise UserError(
                f"{self.table} names {twice.nunique()} clips twice, such as {twice.iloc[0]!r}; "
                "keep one of the rows"
            )
        return rows.assign(label=rows["label"] if self.labels != "none" else "")

    def count(self, enough: int | None = None) -> int:
        """Count the rows of the table; see `Source.count`."""
        return len(self._read())

    def has_classes(self) -> bool:
        """Whether any row has a class."""
        return bool((self._read()["label"] != "").any())

    def class_counts(self) -> Counter[str]:
        """Clips of each class."""
        return Counter(self._read()["label"].map(plain_class))

    def describe(self, count: int | None) -> str:
        """Say how many clips there are."""
        return f"{count:,} clips without media"

    def files(self) -> list[Path]:
        """The table."""
        return [self.table]

    def write_index(self, index: Path, rejected: Path, summary: Path) -> pd.DataFrame:
        """Write the split's index; see `selavi.data.index.write_index`.

        Raises
        ------
        UserError
            If the table cannot be read, or names a clip twice.
        """
        rows = self._read().sort_values("key", ignore_index=True)
        given = rows[["label", *SEGMENT, *further(rows)]]
        empty = dict.fromkeys((*OUTCOME, "notes", "shard"), "")
        nothing = dict.fromkeys((*MEDIA, *PLACES), 0)
        ids = rows["key"].map(id_of)
        table = given.assign(id=ids, key=rows["key"], path=rows["key"], **empty, **nothing)
        columns = [name for name in SHARD_TABLE if name not in CHECKSUMS]
        return write_split(table[[*columns, "shard", *further(rows)]], index, rejected, summary)
