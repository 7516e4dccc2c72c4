"""The manifest: every video found in a split, with its identity and its shard; nothing decoded."""

import hashlib
import logging
import os
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from selavi.data.schema import OUTCOME, SKIPPED, VIDEO, manifest_column
from selavi.data.sources.split_files import plain_class
from selavi.files import UserError, write_csv

log = logging.getLogger(__name__)

EXTENSIONS = frozenset(
    {
        ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts",
        ".vob", ".flv", ".wmv", ".ogv", ".3gp", ".3g2", ".mxf",
    }
)  # fmt: skip
NAMED = 10  # missing videos named in an error; all of them are in the log


def find_videos(folder: Path, labels: str = "folder") -> pd.DataFrame:
    """List the videos below `folder`, whatever its depth, in the order of their keys.

    Parameters
    ----------
    folder : the split's folder. Links are followed; hidden files (`.x`, not `..x`) are passed over.
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
    return _look_through(folder, labels)[0]


def _look_through(folder: Path, labels: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The videos, and what is passed over by its suffix."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; set the dataset's root and splits to yours")
    rows: list[dict[str, str]] = []
    others: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for path, problem in _walk(folder):
        relative = path.relative_to(folder)
        if problem:
            rows.append(row_of(folder, relative, "", "unreadable-folder", problem))
        elif path.suffix.lower() not in EXTENSIONS:
            suffix = _text(path.suffix.lower()) or "without suffix"
            others[suffix] += 1
            examples.setdefault(suffix, _text(relative.as_posix()))
        else:
            label = relative.parts[0] if labels != "none" and len(relative.parts) > 1 else ""
            rows.append(row_of(folder, relative, label, *_name_problem(relative)))
    counted = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    passed = ", ".join(f"{n} x {suffix}" for suffix, n in counted[:5])
    if not any(row["reason"] == "" for row in rows):
        problems = "".join(f"\n  {row['key']}: {row['detail']}" for row in rows[:5])
        raise UserError(
            f"no videos in {folder}: looked for {', '.join(sorted(EXTENSIONS))} at any depth"
            + (f"; found {passed}" if passed else "; it is empty")
            + problems
        )
    if passed:
        log.info("passed over files that are not videos by their suffix: %s", passed)
    skipped = [(suffix, n, examples[suffix]) for suffix, n in counted]
    videos = pd.DataFrame(rows, columns=[*VIDEO, *OUTCOME]).sort_values("key", ignore_index=True)
    return videos, pd.DataFrame(skipped, columns=list(SKIPPED))


def report_missing(missing: pd.Series, named: int, most: float) -> None:
    """Log every missing video. Raises UserError if their share of those named is above `most`."""
    for key in missing:
        log.warning("missing on disk: %s", key)
    if len(missing) > most * named:
        some = ", ".join(missing.head(NAMED))
        raise UserError(
            f"{len(missing)} of {named} videos are missing, more than max_missing = {most:g}: "
            f"{some}{', ...' if len(missing) > NAMED else ''}; get them, or raise max_missing"
        )


def changes(folder: Path, manifest: Path) -> tuple[list[str], list[str]]:
    """Keys of the videos that came into `folder` since its manifest was made, and that are gone.

    Nothing is decoded. A folder that is gone as a whole, as when it is on a disk that is not there,
    has lost no videos.
    """
    if not folder.is_dir():
        return [], []
    listed = {key for keys in manifest_column(manifest, "key") for key in keys}
    there = {
        _text(path.relative_to(folder).as_posix())
        for path, problem in _walk(folder)
        if problem or path.suffix.lower() in EXTENSIONS
    }
    return sorted(there - listed), sorted(listed - there)


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


def id_of(key: str) -> str:
    """The id of a video: 16 hex digits, a hash of its key."""
    return hashlib.sha256(os.fsencode(key)).hexdigest()[:16]


def shard_of(ids: pd.Series, shards: int) -> pd.Series:
    """The shard of each id: a stable hash, so that a new video changes one shard only."""
    return ids.map(lambda text: int(text, 16) % shards)


def write_manifest(
    folder: Path, labels: str, shards: int, output: Path, skipped: Path | None = None
) -> pd.DataFrame:
    """Find the videos of a split and write its manifest CSV; see `find_videos`.

    skipped : a CSV to write of the files that are no videos by their suffix: each `suffix`, how
        many `files` have it, and an `example`.
    """
    rows, others = _look_through(folder, labels)
    if skipped:
        write_csv(skipped, others)
    return write_rows(rows, folder, shards, output)


def write_rows(table: pd.DataFrame, source: Path, shards: int, output: Path) -> pd.DataFrame:
    """Write rows as a manifest, each with its shard."""
    if table["id"].duplicated().any():
        clash = table.loc[table["id"].duplicated(keep=False), "key"].head(2).tolist()
        raise UserError(f"two keys have the same hash: {clash}; rename one of them")
    table["shard"] = shard_of(table["id"], shards)
    write_csv(output, table)
    classes = pd.Series(table.loc[table["label"] != "", "label"].unique(), dtype=str)
    log.info("%d videos in %s, %d classes, %d shards", len(table), source, len(classes), shards)
    for _, alike in classes.groupby(classes.map(plain_class)):
        if len(alike) > 1:
            words = "%s: %s are spelt alike and count as %d classes; rename them if they are one"
            log.warning(words, source, " and ".join(map(repr, sorted(alike))), len(alike))
    if len(classes) == 1:
        log.warning("only one class: figures that compare clusters with classes will say nothing")
    return table


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files below `folder`, and folders that cannot be read with the reason.

    A folder is listed once, under its own name if it has one here: links are followed at the end.
    """
    problems: list[OSError] = []
    seen: dict[tuple[int, int], Path] = {}
    tops = deque([folder])
    while tops:
        for name, folders, files in os.walk(tops.popleft(), onerror=problems.append):
            where = Path(name)
            status = where.stat()
            first = seen.setdefault((status.st_dev, status.st_ino), where)
            if first != where:
                log.info("passed over %s: it is the folder %s", where, first)
                folders.clear()
                continue
            folders[:] = sorted(name for name in folders if not _hidden(name))
            tops += [path for path in map(where.joinpath, folders) if path.is_symlink()]
            for name in sorted(files):
                if not _hidden(name):
                    yield where / name, ""
        for error in problems:
            yield Path(error.filename), f"cannot read the folder: {error.strerror}"
        problems.clear()


def _hidden(name: str) -> bool:
    """Whether a name is a hidden one; a title may begin with an ellipsis, or with half of one."""
    return name.startswith(".") and not name.startswith("..")


def row_of(folder: Path, relative: Path, label: str, reason: str, detail: str) -> dict[str, str]:
    """A row of a manifest, of a path below `folder`."""
    values = {
        "id": id_of(relative.as_posix()),
        "key": relative.as_posix(),
        "path": (folder / relative).as_posix(),
        "label": label,
        "reason": reason,
        "detail": detail,
    }
    return {name: _text(value) for name, value in values.items()}


def _text(name: str) -> str:
    """A file's name as text that any file can hold."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _name_problem(relative: Path) -> tuple[str, str]:
    try:
        relative.as_posix().encode("utf-8")
    except UnicodeEncodeError:
        return "bad-name", "the file's name is not valid UTF-8; rename it"
    return "", ""
