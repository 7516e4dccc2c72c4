"""The manifest: every video found in a split, with its identity and its shard; nothing decoded."""

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from selavi.files import UserError, write_csv

log = logging.getLogger(__name__)

EXTENSIONS = frozenset({".mp4", ".avi", ".mkv", ".webm", ".mov", ".m4v", ".mpg", ".mpeg"})
TEXT_COLUMNS = ("id", "key", "path", "label", "reason", "detail")


def find_videos(folder: Path, labels: str = "folder") -> pd.DataFrame:
    """List the videos below `folder`, whatever its depth, in the order of their keys.

    Parameters
    ----------
    folder : the split's folder. Links are followed; hidden files are passed over.
    labels : "folder" takes the first folder below `folder` as class, if there is one; "none" takes
        none.

    Returns
    -------
    One row per video: id (16 hex digits, a hash of the key: stable when videos are added), key
    (path below `folder`), path, label ("" if none), reason and detail ("" unless the entry cannot
    be read at all).

    Raises
    ------
    UserError if the folder is missing or holds no video.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; set the dataset's root and splits to yours")
    rows: list[dict[str, str]] = []
    other: Counter[str] = Counter()
    for path, problem in _walk(folder):
        relative = path.relative_to(folder)
        if problem:
            rows.append(_row(folder, relative, "", "unreadable-folder", problem))
        elif path.suffix.lower() not in EXTENSIONS:
            other[path.suffix.lower() or "no extension"] += 1
        else:
            label = relative.parts[0] if labels != "none" and len(relative.parts) > 1 else ""
            rows.append(_row(folder, relative, label, *_name_problem(relative)))
    ignored = ", ".join(f"{n} x {suffix}" for suffix, n in other.most_common(5))
    if not any(row["reason"] == "" for row in rows):
        problems = "".join(f"\n  {row['key']}: {row['detail']}" for row in rows[:5])
        raise UserError(
            f"no videos in {folder}: looked for {', '.join(sorted(EXTENSIONS))} at any depth"
            + (f"; found {ignored}" if ignored else "; it is empty")
            + problems
        )
    if ignored:
        log.info("passed over files that are not videos by their extension: %s", ignored)
    table = pd.DataFrame(rows, columns=list(TEXT_COLUMNS)).sort_values("key", ignore_index=True)
    if table["id"].duplicated().any():
        clash = table.loc[table["id"].duplicated(keep=False), "key"].head(2).tolist()
        raise UserError(f"two keys have the same hash: {clash}; rename one of them")
    return table


def has_classes(folder: Path, labels: str) -> bool:
    """Whether videos here will have classes: one that lies in a folder below is enough."""
    return labels != "none" and any(
        not problem and path.suffix.lower() in EXTENSIONS and path.parent != folder
        for path, problem in _walk(folder)
    )


def count_videos(folder: Path, enough: int) -> int:
    """Count videos below `folder`, stopping at `enough`."""
    found = 0
    for path, problem in _walk(folder):
        found += not problem and path.suffix.lower() in EXTENSIONS
        if found >= enough:
            break
    return found


def shard_of(ids: pd.Series, shards: int) -> pd.Series:
    """The shard of each id: a stable hash, so that a new video changes one shard only."""
    return ids.map(lambda text: int(text, 16) % shards)


def write_manifest(folder: Path, labels: str, shards: int, output: Path) -> pd.DataFrame:
    """Find the videos of a split and write its manifest CSV; see `find_videos`."""
    table = find_videos(folder, labels)
    table["shard"] = shard_of(table["id"], shards)
    write_csv(output, table)
    classes = table.loc[table["label"] != "", "label"].nunique()
    log.info("%d videos in %s, %d classes, %d shards", len(table), folder, classes, shards)
    if classes == 1:
        log.warning("only one class: figures that compare clusters with classes will say nothing")
    return table


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files below `folder`, and folders that cannot be read with the reason."""
    problems: list[OSError] = []
    seen: set[tuple[int, int]] = set()
    for where, folders, files in os.walk(folder, onerror=problems.append, followlinks=True):
        status = Path(where).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link back up: already listed
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(where, name), ""
        while problems:
            error = problems.pop()
            yield Path(error.filename), f"cannot read the folder: {error.strerror}"
    for error in problems:
        yield Path(error.filename), f"cannot read the folder: {error.strerror}"


def _row(folder: Path, relative: Path, label: str, reason: str, detail: str) -> dict[str, str]:
    raw = os.fsencode(relative.as_posix())
    values = {
        "id": hashlib.sha256(raw).hexdigest()[:16],
        "key": relative.as_posix(),
        "path": (folder / relative).as_posix(),
        "label": label,
        "reason": reason,
        "detail": detail,
    }
    return {k: os.fsencode(v).decode("utf-8", "backslashreplace") for k, v in values.items()}


def _name_problem(relative: Path) -> tuple[str, str]:
    try:
        relative.as_posix().encode("utf-8")
    except UnicodeEncodeError:
        return "bad-name", "the file's name is not valid UTF-8; rename it"
    return "", ""
