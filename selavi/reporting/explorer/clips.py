"""The explorer's clips: what a clip has of video and audio in one mp4, and a picture as a JPEG."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from selavi.data.schema import VideoRow, rows_of
from selavi.data.shards.reader import CorruptClip, read_clip
from selavi.files import UserError, atomic_path
from selavi.progress import Bar
from selavi.reporting.explorer.excerpt import SECONDS, Source, peaks, picture, write_mp4

log = logging.getLogger(__name__)

PEAKS = 48
"""Of a clip's audio, for its picture."""
_OURS = re.compile(r"[0-9a-f]{16}\.(mp4|jpg)")


def seconds_of(clips: pd.DataFrame) -> np.ndarray:
    """How long each clip of an index lasts, in seconds; (N,) float64, 0 without media."""
    video = np.divide(
        clips["frames"].to_numpy(float), clips["fps"].to_numpy(float),
        out=np.zeros(len(clips)), where=clips["fps"].to_numpy(float) > 0,
    )  # fmt: skip
    audio = np.divide(
        clips["samples"].to_numpy(float), clips["rate"].to_numpy(float),
        out=np.zeros(len(clips)), where=clips["rate"].to_numpy(float) > 0,
    )  # fmt: skip
    return np.maximum(video, audio)


def write_clips(rows: pd.DataFrame, folder: Path, threads: int = 1) -> np.ndarray:
    """Write `{name}.mp4` (the shard's H.264, with audio as AAC) and `{name}.jpg` for each row.

    Of a longer clip `SECONDS` about its middle are kept, from the keyframe before. The picture is
    the middle frame, or the waveform of a clip without video.

    Parameters
    ----------
    rows : DataFrame
        M rows of an index by name, 16 hex digits; `shard` is an absolute path.
    folder : Path
        Where to write; each file is written atomically.
    threads : int
        ffmpeg processes at a time; it does not change the result.

    Returns
    -------
    numpy.ndarray
        (M, PEAKS) uint8: the peaks of the audio that is kept, 0 of a mute clip.

    Raises
    ------
    UserError
        If a name is not valid, a shard does not match the index, or the disk is full.
    """
    for name in rows.index:
        if not _OURS.fullmatch(f"{name}.mp4"):
            raise UserError(f"the id {name!r} is not 16 hex digits; make manifest and index again")
    folder.mkdir(parents=True, exist_ok=True)  # also if no clip has media
    waves = np.zeros((len(rows), PEAKS), np.uint8)
    with ThreadPoolExecutor(threads) as pool:
        work = pool.map(
            partial(_write_clip, folder), rows.index, rows_of(rows), seconds_of(rows).tolist()
        )
        try:
            for place, peaks in enumerate(Bar(work, total=len(rows), desc="explorer", unit="clip")):
                waves[place] = peaks
        finally:
            pool.shutdown(cancel_futures=True)
    return waves


def remove_others(ids: set[str], folder: Path) -> int:
    """Remove the files of `write_clips` for other ids; return their number."""
    stale = [
        path for path in folder.iterdir() if _OURS.fullmatch(path.name) and path.stem not in ids
    ]
    for path in stale:
        path.unlink()
    return len(stale)


def _write_clip(folder: Path, name: str, row: VideoRow, seconds: float) -> np.ndarray:
    """Write a clip's files; return the peaks of its audio."""
    try:
        video, audio = read_clip(Path(), row)
        source = Source(row, video, audio, max(0.0, (seconds - SECONDS) / 2))
        with (
            atomic_path(folder / f"{name}.mp4") as clip,
            atomic_path(folder / f"{name}.jpg") as still,
        ):
            write_mp4(source, clip)
            still.write_bytes(picture(source))
    except CorruptClip as error:
        raise UserError(
            f"{row['shard']}: clip {row['id']} cannot be read ({error}); make it again"
        ) from None
    return peaks(source.samples, PEAKS)
