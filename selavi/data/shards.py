"""Write one WebDataset tar of normalised clips, and beside it the fate of every video."""

import json
import logging
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import webdataset as wds
from tqdm import tqdm

from selavi.data.manifest import TEXT_COLUMNS
from selavi.data.media import Normalised, Rejected, normalise
from selavi.files import atomic_path, read_csv, write_csv
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

COLUMNS = [
    "id", "key", "path", "label", "reason", "detail", "width", "height", "frames", "fps",
    "samples", "rate", "video_offset", "video_size", "audio_offset", "audio_size",
]  # fmt: skip


def write_shard(
    manifest: Path, shard: int, tar: Path, table: Path, settings: MediaSettings, threads: int = 1
) -> pd.DataFrame:
    """Normalise the manifest's videos of one shard into a tar, and write their table.

    A sample is `{id}.mp4` (silent H.264), `{id}.wav` (mono int16) and `{id}.json` (id, key, label,
    sizes). The tar depends on nothing but the videos and the settings: members are in the order of
    the manifest, with fixed owner, mode and time. Both files appear whole or not at all.

    Parameters
    ----------
    threads : videos normalised at a time; it does not change the result.

    Returns
    -------
    The table: one row per video, with a reason and a sentence if it was set aside, else its frames,
    samples and byte positions in the tar.
    """
    rows = read_csv(manifest, TEXT_COLUMNS)
    rows = rows[rows["shard"] == shard].drop(columns="shard")
    fates: list[dict[str, Any]] = []
    with (
        atomic_path(tar) as temporary,
        temporary.open("wb") as file,
        tempfile.TemporaryDirectory(prefix="selavi-") as scratch,
        ThreadPoolExecutor(threads) as pool,
    ):
        writer = wds.TarWriter(file, user="selavi", group="selavi", mode=0o644, mtime=0)
        work = pool.map(lambda row: _attempt(row, settings, Path(scratch)), rows.to_dict("records"))
        try:
            for fate, clip in tqdm(
                work, total=len(rows), desc=f"shard {tar.stem}", unit="video", disable=None
            ):
                if clip is not None:
                    writer.write(_sample(fate, clip))
                fates.append(fate)
            writer.close()
        except BaseException:
            with suppress(OSError):  # here, or its destructor would try and complain
                writer.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    result = _with_positions(pd.DataFrame(fates, columns=COLUMNS), tar)
    write_csv(table, result)
    log.info("%s: %d clips, %d set aside", tar, *_counts(result))
    return result


def _attempt(
    row: dict[str, Any], settings: MediaSettings, scratch: Path
) -> tuple[dict[str, Any], Normalised | None]:
    if row["reason"]:
        return row, None
    try:
        with tempfile.TemporaryDirectory(dir=scratch) as own:
            clip = normalise(Path(row["path"]), settings, Path(own))
    except Rejected as rejected:
        return row | {"reason": rejected.reason, "detail": rejected.detail}, None
    facts = {
        "width": clip.width,
        "height": clip.height,
        "frames": clip.frames,
        "fps": settings.fps,
        "samples": clip.samples,
        "rate": settings.audio_rate,
    }
    return row | facts, clip


def _sample(fate: dict[str, Any], clip: Normalised) -> dict[str, Any]:
    facts = {k: v for k, v in fate.items() if k not in ("path", "reason", "detail")}
    return {
        "__key__": fate["id"],
        "json": json.dumps(facts, sort_keys=True).encode(),
        "mp4": clip.video,
        "wav": clip.audio,
    }


def _with_positions(table: pd.DataFrame, tar: Path) -> pd.DataFrame:
    """Add where each member's bytes lie, so that a clip can be read without its neighbours."""
    with tarfile.open(tar) as archive:
        places = {member.name: (member.offset_data, member.size) for member in archive}
    for kind, suffix in (("video", "mp4"), ("audio", "wav")):
        found = [places.get(f"{key}.{suffix}", (None, None)) for key in table["id"]]
        table[f"{kind}_offset"] = pd.array([f[0] for f in found], dtype="Int64")
        table[f"{kind}_size"] = pd.array([f[1] for f in found], dtype="Int64")
    for column in ("width", "height", "frames", "samples", "rate"):
        table[column] = table[column].astype("Int64")
    return table


def _counts(table: pd.DataFrame) -> tuple[int, int]:
    aside = int((table["reason"] != "").sum())
    return len(table) - aside, aside
