"""Write one WebDataset tar of normalised clips, and beside it the table of its videos."""

import json
import logging
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import webdataset as wds

from selavi.data.media.encode import Normalised
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import WITNESSES, Rejected, first_that_opens, opens
from selavi.data.schema import (
    CHECKSUMS,
    MEDIA,
    SHARD_TABLE,
    VideoRow,
    is_reserved,
    read_manifest,
    rows_of,
)
from selavi.data.shards.cache import ShardCache
from selavi.data.shards.reader import checksums
from selavi.data.shards.tars import places_of
from selavi.files import UserError, atomic_path, write_csv
from selavi.progress import Bar
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

Members = dict[str, Any]
"""What a sample of a tar holds: `__key__`, the name of its members, and the bytes of each."""
Make = Callable[[VideoRow], tuple[VideoRow, Members | None]]
"""Makes a video's row for the shard table, and its members unless it is rejected."""


def write_shard(
    manifest: Path,
    shard: int,
    tar: Path,
    table: Path,
    settings: MediaSettings,
    threads: int = 1,
    quiet: bool = False,
) -> pd.DataFrame:
    """Normalise the manifest's videos of one shard into a tar, and write their table.

    A sample is `{id}.json` (id, key, label, sizes), `{id}.mp4` (silent H.264, unless it is audio
    alone) and `{id}.wav` (mono int16, unless it is mute). The tar depends only on the videos and
    the settings: members are in the order of the manifest, with fixed owner, mode and time. Clips
    of unchanged files are reused from the shard's previous version; see `ShardCache`.

    Parameters
    ----------
    manifest : Path
        Manifest of the split.
    shard : int
        Number of the shard.
    tar, table : Path
        Files to write; each is whole or absent.
    settings : MediaSettings
        How to normalise.
    threads : int
        Videos normalised at a time; it does not change the result.
    quiet : bool
        Show no progress bar and log no summary, for a caller that has its own.

    Returns
    -------
    DataFrame
        The table: a row per video, with a reason and a detail if it was rejected, else its numbers
        of frames and samples, and the positions of its members in the tar.

    Raises
    ------
    UserError
        If the machine is at fault and not a video; see `normalise` and `first_that_opens`.
    """
    rows, witness = _listed(manifest, shard)
    cache = ShardCache(tar, settings)
    with tempfile.TemporaryDirectory(prefix="selavi-") as scratch:

        def make(row: VideoRow) -> tuple[VideoRow, Members | None]:
            made, clip = _normalised(row, settings, Path(scratch), cache)
            if made["reason"] and witness and not opens(witness):
                raise UserError(
                    f"{witness} could be opened before and cannot now, so the disk with the videos "
                    "seems to be gone; mend that and run the same command again"
                )
            return with_members(made, clip, settings)

        made = write_tar(tar, rows_of(rows), make, threads, quiet)
    result = shard_table(made, tar)
    write_csv(table, result)
    cache.store(result)
    words = "%s: %d videos: %d written, %d rejected, %d reused"
    log.log(logging.DEBUG if quiet else logging.INFO, words, tar, *_counts(result), cache.reused)
    return result


def _listed(manifest: Path, shard: int) -> tuple[pd.DataFrame, Path | None]:
    """The manifest's rows of a shard, and a video that can be opened now."""
    rows = read_manifest(manifest)
    usable, here = rows["reason"] == "", rows["shard"] == shard
    ours, others = (rows.loc[usable & where, "path"] for where in (here, ~here))
    spread = others.iloc[:: max(1, len(others) // WITNESSES)]
    witness = first_that_opens([*map(Path, ours)], [*map(Path, spread)])
    return rows[here].drop(columns="shard"), witness


def write_tar(
    tar: Path, rows: Sequence[VideoRow], make: Make, threads: int = 1, quiet: bool = False
) -> list[VideoRow]:
    """Make a sample of each row, and write a tar of them in order.

    Parameters
    ----------
    tar : Path
        The tar to write; it is whole or absent.
    rows : sequence of VideoRow
        The videos.
    make : callable
        Makes a video's new row, and its members, None if it has none.
    threads : int
        Calls of `make` at a time; it does not change the result.
    quiet : bool
        Show no progress bar.

    Returns
    -------
    list of VideoRow
        The new rows.
    """
    made: list[VideoRow] = []
    with (
        atomic_path(tar) as temporary,
        temporary.open("wb") as file,
        ThreadPoolExecutor(threads) as pool,
    ):
        writer = wds.TarWriter(file, user="selavi", group="selavi", mode=0o644, mtime=0)
        try:
            for row, members in Bar(
                _in_order(pool, make, rows, ahead=2 * threads),
                total=len(rows),
                desc=f"shard {tar.stem}",
                unit="video",
                disable=True if quiet else None,
            ):
                if members is not None:
                    writer.write(members)
                made.append(row)
            writer.close()
        except BaseException:
            with suppress(OSError):  # or its destructor would try again and print the error
                writer.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    return made


def shard_table(rows: Sequence[VideoRow], tar: Path) -> pd.DataFrame:
    """The table of a shard: the new rows of its videos, with the positions of their members."""
    own = dict.fromkeys(name for row in rows for name in row if not is_reserved(name))
    return with_places(pd.DataFrame(rows, columns=[*SHARD_TABLE, *own]), places_of(tar))


def _in_order(
    pool: Executor, make: Make, rows: Sequence[VideoRow], ahead: int
) -> Iterator[tuple[VideoRow, Members | None]]:
    """As `pool.map`, but at most `ahead` rows are being made or wait for a slow one."""
    started: deque[Future[tuple[VideoRow, Members | None]]] = deque()
    for row in rows:
        if len(started) == ahead:
            yield started.popleft().result()
        started.append(pool.submit(make, row))
    while started:
        yield started.popleft().result()


def _normalised(
    row: VideoRow, settings: MediaSettings, scratch: Path, cache: ShardCache
) -> tuple[VideoRow, Normalised | None]:
    if row["reason"]:
        return row, None
    start, end = (
        None if pd.isna(time) else float(time) for time in (row.get("start"), row.get("end"))
    )
    source = Segment(Path(row["path"]), start, end)
    try:
        clip = cache.clip(row["id"], source)
        if clip is not None:
            return row, clip
        with tempfile.TemporaryDirectory(dir=scratch) as own:
            return row, normalise(source, settings, Path(own))
    except Rejected as rejected:
        return rejected_row(row, rejected), None


def rejected_row(row: VideoRow, rejected: Rejected) -> VideoRow:
    """The row of a video that is not used."""
    return {**row, "reason": rejected.reason, "detail": rejected.detail}


def with_members(
    row: VideoRow, clip: Normalised | None, settings: MediaSettings
) -> tuple[VideoRow, Members | None]:
    """A video's row with its clip's numbers, and its members; `clip` is None if rejected."""
    if clip is None:
        return row, None
    audio = clip.audio if clip.samples else b""
    row = {
        **row,
        "width": clip.width,
        "height": clip.height,
        "frames": clip.frames,
        "fps": settings.fps,
        "samples": clip.samples,
        "rate": settings.audio_rate if clip.samples else 0,
        "notes": clip.notes,
    }
    row |= checksums(clip.video, audio)
    omitted = ("path", "reason", "detail", "start", "end")
    # Users' columns are only in the tables: editing them changes no shard.
    facts = {k: v for k, v in row.items() if is_reserved(k) and k not in omitted}
    return row, members_of(row["id"], facts, clip.video, audio)


def members_of(key: str, facts: Mapping[str, object], video: bytes, audio: bytes) -> Members:
    """A sample of a tar: a json of facts, and what there is of an mp4 and a wav."""
    sample: Members = {"__key__": key, "json": json.dumps(facts, sort_keys=True).encode()}
    return sample | ({"mp4": video} if video else {}) | ({"wav": audio} if audio else {})


def with_places(table: pd.DataFrame, places: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Add the position of each member's bytes, so that a clip can be read on its own."""
    rejected = table["reason"] != "" if "reason" in table else [False] * len(table)
    for kind, suffix in (("video", "mp4"), ("audio", "wav")):
        absent = [(None, None) if none else (0, 0) for none in rejected]
        names = [f"{key}.{suffix}" for key in table["id"]]
        found = [places.get(name, none) for name, none in zip(names, absent, strict=True)]
        table[f"{kind}_offset"] = pd.array([f[0] for f in found], dtype="Int64")
        table[f"{kind}_size"] = pd.array([f[1] for f in found], dtype="Int64")
    for column in (*MEDIA, *CHECKSUMS):
        if column != "fps":
            table[column] = table[column].astype("Int64")
    return table


def _counts(table: pd.DataFrame) -> tuple[int, int, int]:
    """Videos, those written and those rejected."""
    rejected = int((table["reason"] != "").sum())
    return len(table), len(table) - rejected, rejected
