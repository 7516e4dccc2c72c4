"""A subset: a split derived from another by class, or by a benchmark's split files.

The clips stay in the other split's shards; only the index is this split's own.
"""

import difflib
import logging
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from selavi.data.index import LISTED, REMEDIES, write_split
from selavi.data.manifest import id_of, report_missing
from selavi.data.schema import read_index, read_rejected
from selavi.data.sources.source import Source
from selavi.data.sources.split_files import (
    official_classes,
    official_files,
    official_videos,
    plain_class,
)
from selavi.files import UserError
from selavi.settings import OfficialSettings, SplitSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subset(Source):
    """Videos of another split: of some classes, or those that official split files name.

    Parameters
    ----------
    root : Path
        What the folder of the split files starts from.
    settings : SplitSettings
        With `classes` or `official`.
    parent : Source, optional
        Source of the other split, if it is known.
    """

    root: Path
    settings: SplitSettings
    parent: Source | None = None

    stage = "subset"

    def count(self, enough: int | None = None) -> int | None:
        """Videos that the split files name, or that the other split has of the classes."""
        if self.settings.official:
            return len(official_videos(self._folder, self.settings.official))
        counts = self.parent.class_counts() if self.parent else None
        if counts is None:
            return None
        wanted = {plain_class(label) for label in self.settings.classes or []}
        return sum(counts[label] for label in wanted)

    def describe(self, count: int | None) -> str:
        """Say of which split it is a subset."""
        words = f"subset of {self.settings.of}"
        return words if count is None else f"{words}, {count:,} videos"

    def has_classes(self) -> bool:
        """The videos are chosen by their classes, or get those of the split files."""
        return True

    def files(self) -> list[Path]:
        """The split files."""
        official = self.settings.official
        return official_files(self._folder, official) if official else []

    @property
    def _folder(self) -> Path:
        """Folder of the split files."""
        assert self.settings.official
        return self.root / self.settings.official.folder

    def write_index(self, parent: Path, index: Path, rejected: Path, summary: Path) -> pd.DataFrame:
        """Write the split's index out of the other split's; see `selavi.data.index.write_index`."""
        official = self.settings.official
        if official:
            most = self.settings.max_missing
            return subset_by_split_files(
                parent, self._folder, official, most, index, rejected, summary
            )
        return subset_by_class(parent, self.settings.classes or [], index, rejected, summary)


def subset_by_class(
    parent: Path, classes: list[str], index: Path, rejected: Path, summary: Path
) -> pd.DataFrame:
    """Write the tables of the videos of some classes, those rejected included.

    Parameters
    ----------
    parent : Path
        Index of the other split.
    classes : list of str
        Names of the classes; spaces and underscores are equal.
    index, rejected, summary : Path
        CSVs to write, see `write_index`.

    Returns
    -------
    DataFrame
        The index.

    Raises
    ------
    UserError
        If a class has no videos there, naming the nearest that has, or none that is accepted.
    """
    rows = _rows(parent, index)
    names = rows["label"].map(plain_class)
    there = sorted(set(names))
    for name in classes:
        if plain_class(name) not in there:
            close = difflib.get_close_matches(plain_class(name), there, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise UserError(f"class {name!r} has no videos in {parent}{hint}")
        of_class = rows[names == plain_class(name)]
        if (of_class["reason"] != "").all():
            raise UserError(
                f"class {name!r} has no clip in {parent} ({_fate(of_class)}); mend its videos, or "
                "take it out of the split's `classes`"
            )
    chosen = rows[names.isin({plain_class(name) for name in classes})]
    return write_split(chosen.reset_index(drop=True), index, rejected, summary)


def subset_by_split_files(
    parent: Path,
    folder: Path,
    official: OfficialSettings,
    max_missing: float,
    index: Path,
    rejected: Path,
    summary: Path,
) -> pd.DataFrame:
    """Write the tables of the videos that official split files name.

    A video is found by its class and its name without suffix, as videos are often converted; in a
    flat folder or tar by its name alone. Case is ignored, unless two videos of the split files
    differ in nothing else. Labels are the official classes. Videos that are named and are not
    there get a row in `rejected` with reason `missing`.

    Parameters
    ----------
    parent : Path
        Index of the other split.
    folder : Path
        Folder of the split files.
    official : OfficialSettings
        Their layout, the fold and the part.
    max_missing : float
        Largest share of the videos named that may be missing.
    index, rejected, summary : Path
        CSVs to write, see `write_index`.

    Returns
    -------
    DataFrame
        The index.

    Raises
    ------
    UserError
        If more than `max_missing` of those named are missing; if a class has no clip at all, unless
        `max_missing` is 1.
    """
    named = official_videos(folder, official)
    rows = _rows(parent, index)
    found = _files_of(named, rows)
    gone = ~named.index.isin(found.index)
    names = named["label"] + "/" + named["stem"]
    report_missing(names[gone], len(named), max_missing)
    missing = pd.DataFrame(
        {
            "id": names[gone].map(id_of),
            "key": names[gone],
            "path": names[gone],
            "label": named["label"][gone],
            "shard": "",
            "reason": "missing",
            "detail": f"named in the official files in {folder}, not on disk",
        }
    )
    there = rows.loc[found].assign(label=named["label"][found.index].to_numpy())
    chosen = pd.concat([there, missing]).sort_values("key", ignore_index=True)
    _check_classes(chosen, official_classes(folder, official), max_missing, parent)
    return write_split(chosen, index, rejected, summary)


def _files_of(named: pd.DataFrame, rows: pd.DataFrame) -> "pd.Series[int]":
    """The row of each video that split files name, by its place there, as far as it has one."""
    keys = rows["key"].map(PurePosixPath)
    folders = [[part for part in key.parts[:-1] if not part.endswith(".tar")] for key in keys]
    files = pd.DataFrame(
        {
            "row": rows.index,
            "key": rows["key"],
            "rejected": rows["reason"] != "",
            "stem": keys.map(lambda key: key.stem),
            "folder": [plain_class(names[0]) if names else "" for names in folders],
        }
    )
    pairs = named.rename_axis("place").reset_index().assign(caseless=_caseless(named["stem"]))
    pairs = pairs.merge(
        files.assign(caseless=_caseless(files["stem"])), on="caseless", suffixes=("", "_there")
    )
    of_class = pairs["folder"] == pairs["label"].map(plain_class)
    pairs = pairs[of_class | (pairs["folder"] == "")]
    other_case = pairs["stem"] != pairs["stem_there"]
    another = pairs["row"].isin(pairs.loc[~other_case, "row"])  # named as it is: not this video
    pairs = pairs.assign(other_case=other_case)[~other_case | ~another]
    pairs = pairs.sort_values(["place", "rejected", "other_case", "key"])
    several = pairs[pairs["place"].duplicated(keep=False)]
    if len(several):
        first = several.loc[several["place"] == several["place"].iloc[0], "key"]
        log.warning(
            "%d of the videos named have several files, such as %s; the first good one is taken",
            several["place"].nunique(),
            ", ".join(first),
        )
    chosen = pairs.drop_duplicates("place").drop_duplicates("row")
    return chosen.set_index("place")["row"]


def _caseless(stems: "pd.Series[str]") -> "pd.Series[str]":
    return stems.map(str.casefold)


def _check_classes(
    chosen: pd.DataFrame, classes: list[str], max_missing: float, parent: Path
) -> None:
    """A benchmark without one of its classes is another one, however few clips that class has."""
    good = set(chosen.loc[chosen["reason"] == "", "label"])
    lost = [name for name in classes if name not in good]
    if not lost:
        return
    listed = [f"{name!r} ({_fate(chosen[chosen['label'] == name])})" for name in lost[:LISTED]]
    words = (
        f"{len(lost)} of the {len(classes)} classes in the split files have no clip in {parent}: "
        f"{', '.join(listed)}{', ...' if len(lost) > LISTED else ''}"
    )
    if max_missing < 1:
        reasons = chosen.loc[chosen["label"].isin(lost), "reason"].value_counts()
        remedy = REMEDIES.get(str(next(iter(reasons.index), "missing")), "")
        if not remedy or "missing" in reasons.index[:1]:
            remedy = "Get their videos, or name their folders as the split files do"
        raise UserError(f"{words}. {remedy}; max_missing: 1 does without these classes")
    log.warning("%s", words)


def _fate(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "no line names a video of it"
    reasons = rows["reason"].value_counts()
    return ", ".join(f"{count} x {reason}" for reason, count in reasons.items())


def _rows(parent: Path, index: Path) -> pd.DataFrame:
    """All rows of the other split, with their shards as they are seen from this one's index."""
    parts = [read_index(parent), read_rejected(parent.with_name("rejected.csv"))]
    rows = pd.concat(parts, ignore_index=True).drop(columns="sample")
    rows[["reason", "detail"]] = rows[["reason", "detail"]].fillna("")
    there = Path(os.path.relpath(parent.parent, index.parent))
    rows["shard"] = [(there / name).as_posix() for name in rows["shard"]]
    return rows.sort_values("key", ignore_index=True)
