"""Write one WebDataset tar of normalised clips, and beside it the fate of every video."""

import json
import logging
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import webdataset as wds

from selavi.data.media.normalise import Normalised, normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import WITNESSES, Rejected, first_that_opens, opens
from selavi.data.schema import CHECKSUMS, COLUMNS, NUMBERS, is_reserved
from selavi.data.shards.cache import ShardCache
from selavi.data.shards.reader import checksums
from selavi.data.shards.tars import places_of
from selavi.files import UserError, atomic_path, read_csv, write_csv
from selavi.progress import Bar
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

Fate = dict[Any, Any]


def write_shard(
    manifest: Path, shard: int, tar: Path, table: Path, settings: MediaSettings, threads: int = 1
) -> pd.DataFrame:
    """Normalise the manifest's videos of one shard into a tar, and write their table.

    A sample is `{id}.json` (id, key, label, sizes), `{id}.mp4` (silent H.264) and `{id}.wav` (mono
    int16, unless it is mute). The tar depends on nothing but the videos and the settings: members
    are in the order of the manifest, with fixed owner, mode and time. Both files appear whole or
    not at all. Clips that an earlier making of the same shard had, of files that have not changed
    since, are taken from it; see `ShardCache`.

    Parameters
    ----------
    threads : videos normalised at a time; it does not change the result.

    Returns
    -------
    The table: one row per video, with a reason and a sentence if it was set aside, else its frames,
    samples and byte positions in the tar.

    Raises
    ------
    UserError if the machine is at fault and not a video; see `normalise` and `first_that_opens`.
    """
    rows, witness = _listed(manifest, shard)
    kept = ShardCache(tar, settings)
    with tempfile.TemporaryDirectory(prefix="selavi-") as scratch:

        def attempt(row: Fate) -> tuple[Fate, Normalised | None]:
            fate, clip = _attempt(row, settings, Path(scratch), kept)
            if fate["reason"] and witness and not opens(witness):
                raise UserError(
                    f"{witness} could be opened before and cannot now, so the disk with the videos "
                    "seems to be gone; mend that and run the same command again"
                )
            return fate, clip

        result = write_tar(tar, rows.to_dict("records"), attempt, settings, threads)
    write_csv(table, result)
    kept.store(result)
    log.info("%s: %d clips, %d set aside, %d as before", tar, *_counts(result), kept.reused)
    return result


def _listed(manifest: Path, shard: int) -> tuple[pd.DataFrame, Path | None]:
    """The manifest's rows of a shard, and a video that can be opened now."""
    rows = read_csv(manifest, numbers=(*NUMBERS, "shard"))
    usable, here = rows["reason"] == "", rows["shard"] == shard
    ours, others = (rows.loc[usable & where, "path"] for where in (here, ~here))
    spread = others.iloc[:: max(1, len(others) // WITNESSES)]
    witness = first_that_opens([*map(Path, ours)], [*map(Path, spread)])
    return rows[here].drop(columns="shard"), witness


def write_tar(
    tar: Path,
    rows: Sequence[Fate],
    attempt: Callable[[Fate], tuple[Fate, Normalised | None]],
    settings: MediaSettings,
    threads: int,
) -> pd.DataFrame:
    """Write the clips that `attempt` makes of rows, in order; return the shard's table."""
    fates: list[Fate] = []
    with (
        atomic_path(tar) as temporary,
        temporary.open("wb") as file,
        ThreadPoolExecutor(threads) as pool,
    ):
        writer = wds.TarWriter(file, user="selavi", group="selavi", mode=0o644, mtime=0)
        try:
            for fate, clip in Bar(
                _in_order(pool, attempt, rows, ahead=2 * threads),
                total=len(rows),
                desc=f"shard {tar.stem}",
                unit="video",
            ):
                if clip is not None:
                    fate |= facts_of(clip, settings)
                    writer.write(_sample(fate, clip))
                fates.append(fate)
            writer.close()
        except BaseException:
            with suppress(OSError):  # here, or its destructor would try and complain
                writer.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    own = dict.fromkeys(name for fate in fates for name in fate if not is_reserved(name))
    return with_positions(pd.DataFrame(fates, columns=[*COLUMNS, *own]), places_of(tar))


def _in_order(
    pool: Executor,
    attempt: Callable[[Fate], tuple[Fate, Normalised | None]],
    rows: Sequence[Fate],
    ahead: int,
) -> Iterator[tuple[Fate, Normalised | None]]:
    """As `pool.map`, but no more than `ahead` clips are in the making or wait for a slow one."""
    begun: deque[Future[tuple[Fate, Normalised | None]]] = deque()
    for row in rows:
        if len(begun) == ahead:
            yield begun.popleft().result()
        begun.append(pool.submit(attempt, row))
    while begun:
        yield begun.popleft().result()


def _attempt(
    row: Fate, settings: MediaSettings, scratch: Path, kept: ShardCache
) -> tuple[Fate, Normalised | None]:
    if row["reason"]:
        return row, None
    start, end = (None if pd.isna(row.get(k)) else float(row[k]) for k in ("start", "end"))
    source = Segment(Path(row["path"]), start, end)
    try:
        clip = kept.clip(row["id"], source)
        if clip is not None:
            return row, clip
        with tempfile.TemporaryDirectory(dir=scratch) as own:
            return row, normalise(source, settings, Path(own))
    except Rejected as rejected:
        return row | {"reason": rejected.reason, "detail": rejected.detail}, None


def facts_of(clip: Normalised, settings: MediaSettings) -> Fate:
    """What a shard's table says of a clip, besides its name and place."""
    return {
        "width": clip.width,
        "height": clip.height,
        "frames": clip.frames,
        "fps": settings.fps,
        "samples": clip.samples,
        "rate": settings.audio_rate if clip.samples else 0,
        "notes": clip.notes,
        **checksums(clip.video, clip.audio if clip.samples else b""),
    }


def _sample(fate: Fate, clip: Normalised) -> dict[str, Any]:
    aside = ("path", "reason", "detail", "start", "end")
    # Users' columns are in the tables alone: a remark that changes makes no other shard.
    facts = {k: v for k, v in fate.items() if is_reserved(k) and k not in aside}
    sample = {
        "__key__": fate["id"],
        "json": json.dumps(facts, sort_keys=True).encode(),
        "mp4": clip.video,
    }
    return sample | ({"wav": clip.audio} if clip.samples else {})


def with_positions(table: pd.DataFrame, places: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Add where each member's bytes lie, so that a clip can be read without its neighbours."""
    for kind, suffix in (("video", "mp4"), ("audio", "wav")):
        mute = [(0, 0) if done else (None, None) for done in table["reason"] == ""]
        names = [f"{key}.{suffix}" for key in table["id"]]
        found = [places.get(name, none) for name, none in zip(names, mute, strict=True)]
        table[f"{kind}_offset"] = pd.array([f[0] for f in found], dtype="Int64")
        table[f"{kind}_size"] = pd.array([f[1] for f in found], dtype="Int64")
    for column in ("width", "height", "frames", "samples", "rate", *CHECKSUMS):
        table[column] = table[column].astype("Int64")
    return table


def _counts(table: pd.DataFrame) -> tuple[int, int]:
    aside = int((table["reason"] != "").sum())
    return len(table) - aside, aside
