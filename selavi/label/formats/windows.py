"""The labelled windows of a table of labels, as the formats show them."""

import json
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypedDict, cast

import pandas as pd

from selavi.files import write_text
from selavi.label.inputs import AUDIO_EXTENSIONS


class Window(TypedDict):
    """A labelled window of a file."""

    path: str
    """The file."""
    start: float
    """In seconds."""
    end: float
    """In seconds."""
    cluster: int
    """Its number."""
    shown: str
    """What people read for the cluster; see `cluster_name`."""
    confidence: float
    """Probability of the cluster, 0 to 1."""
    second: int | None
    """The next cluster."""
    margin: float | None
    """The confidence minus that of the next cluster."""
    modalities: str
    """What the cluster is from."""
    duplicate_of: str
    """The window that this one repeats, "" if none."""


def labelled(labels: pd.DataFrame) -> pd.DataFrame:
    """Rows that have a cluster, with the columns of `Window`."""
    rows = labels[labels["cluster"].notna()].copy()
    rows["cluster"] = rows["cluster"].astype("int64")
    for column in ("name", "modalities", "duplicate_of"):
        rows[column] = rows[column].fillna("").astype("str")
    pairs = list(zip(rows["cluster"], rows["name"], strict=True))
    shown = {pair: cluster_name(*pair) for pair in set(pairs)}
    rows["shown"] = [shown[pair] for pair in pairs]
    return rows


def windows(rows: pd.DataFrame) -> list[Window]:
    """Labelled rows one by one, by path and start; numbers as JSON has them."""
    columns = list(Window.__annotations__)
    found = rows.sort_values(["path", "start"], kind="stable")[columns].to_dict("records")
    for row in found:
        row["second"] = None if pd.isna(row["second"]) else int(row["second"])
        for column in ("start", "end", "confidence", "margin"):
            row[column] = None if pd.isna(row[column]) else round(float(row[column]), 6)
    return cast("list[Window]", found)


def have_picture(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Of labelled rows, which are of files with a picture.

    An audio file is known by its suffix, or by the model having seen the video of others alone.
    """
    picture = ~rows["path"].map(lambda path: Path(path).suffix.lower()).isin(AUDIO_EXTENSIONS)
    if not rows["modalities"].str.contains("video").any():
        return picture  # the model sees none
    return picture & rows["path"].isin(rows.loc[rows["modalities"] != "audio", "path"])


def by_file(rows: pd.DataFrame) -> Iterator[tuple[str, list[Window]]]:
    """Each file that has labelled rows, by path, and its windows by start."""
    for path, found in groupby(windows(rows), key=itemgetter("path")):
        yield path, list(found)


def names_of(rows: pd.DataFrame) -> dict[int, str]:
    """What people read for each cluster of labelled rows, by number."""
    clusters = rows.drop_duplicates("cluster").sort_values("cluster")
    return dict(zip(clusters["cluster"].tolist(), clusters["shown"], strict=True))


def cluster_name(cluster: int, name: str) -> str:
    """What people read for a cluster: its name in one line, or its number if it has none."""
    return one_line(name) or f"cluster {cluster}"


def one_line(text: str) -> str:
    r"""The text without line breaks, tabs and other control characters, at which formats break.

    Examples
    --------
    >>> one_line("a\tdog\n\x1b[31mbarks")
    'a dog [31mbarks'
    """
    controls = ("Cc", "Cs", "Zl", "Zp")
    return " ".join(
        "".join(" " if unicodedata.category(c) in controls else c for c in text).split()
    )


def clock(seconds: float) -> str:
    """A time within a file.

    Examples
    --------
    >>> clock(65.9), clock(3725)
    ('1:05', '1:02:05')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def write_json(path: Path, content: object) -> None:
    """Write JSON atomically, in ASCII, which no reader's encoding can spoil."""
    write_text(path, json.dumps(content, allow_nan=False) + "\n")
