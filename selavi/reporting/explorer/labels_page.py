"""The page of a labelling: its windows with their clusters, and the number of rejected ones."""

from pathlib import Path

import pandas as pd

from selavi.files import UserError
from selavi.label.formats.file_names import below, common_folder
from selavi.label.formats.windows import labelled, time_of
from selavi.label.inputs import key_of
from selavi.reporting.explorer.build import write_page


def make_labels_page(
    labels: pd.DataFrame,
    clips: pd.DataFrame,
    output: Path,
    *,
    title: str,
    clusters: int | None = None,
    threads: int = 1,
) -> None:
    """Write an HTML page to watch and hear the clusters of a labelling.

    Parameters
    ----------
    labels : DataFrame
        With the columns `selavi.data.schema.LABELS`; at least one row has a cluster.
    clips : DataFrame
        What is stored of each labelled window: rows of indexes, whose `path`, `start` and `end` are
        the window's, and `shard` an absolute path. Others may be among them.
    output : Path
        The page, usually index.html.
    title : str
        Its heading.
    clusters : int, optional
        K, to count empty clusters; by default, as if there were none.
    threads : int
        ffmpeg processes at a time.

    Raises
    ------
    UserError
        If a labelled window is not among `clips`, a clip cannot be read, or the disk is full.
    """
    rows = labelled(labels)
    stored = clips.set_index(_windows_of(clips))
    windows = _windows_of(rows)
    missing = [name for name in windows if name not in stored.index]
    if missing:
        raise UserError(f"{missing[0]} is not stored; label it again with --explorer")
    found = stored[~stored.index.duplicated()].loc[windows]
    root = common_folder(rows["path"].tolist())
    table = pd.DataFrame(
        {
            "id": found["id"].tolist(), "sample": range(len(rows)), "key": _titles(rows, root),
            "path": rows["path"].tolist(), "label": "", "cluster": rows["cluster"].tolist(),
            "confidence": rows["confidence"].tolist(),
        }
    )  # fmt: skip
    used = rows["cluster"].nunique()
    reasons = labels.loc[labels["cluster"].isna(), "reason"].value_counts()
    write_page(
        table,
        found.set_index("id", drop=False),
        output,
        title=title,
        clusters=max(used, clusters or 0),
        threads=threads,
        rejected={str(reason): int(count) for reason, count in reasons.items()},
    )


def _windows_of(rows: pd.DataFrame) -> list[str]:
    columns = rows["path"].tolist(), rows["start"].tolist(), rows["end"].tolist()
    return [key_of(*window) for window in zip(*columns, strict=True)]


def _titles(rows: pd.DataFrame, root: str) -> list[str]:
    """Where each window is: the file below the common folder; the time, if the file has several."""
    several = rows["path"].duplicated(keep=False)
    return [
        f"{below(path, root)} {time_of(start)}" if timed else str(below(path, root))
        for path, start, timed in zip(rows["path"], rows["start"], several, strict=True)
    ]
