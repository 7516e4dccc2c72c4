"""The explorer's clips: what a clip has of video and audio in one mp4, and a picture as a JPEG."""

import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

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
T = TypeVar("T")
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
        Clips at a time; it does not change the result.

    Returns
    -------
    numpy.ndarray
        (M, PEAKS) uint8: the peaks of the audio that is kept, 0 of a mute clip.

    Raises
    ------
    UserError
        If a name is not valid, a shard does not match the index, or the disk is full.
    """
    waves = np.zeros((len(rows), PEAKS), np.uint8)
    for place, found in enumerate(_of_each(_write_clip, rows, folder, threads, "clip")):
        waves[place] = found
    return waves


def write_pictures(rows: pd.DataFrame, folder: Path, threads: int = 1) -> None:
    """Write `{name}.jpg` alone, as `write_clips` does.

    Parameters
    ----------
    rows : DataFrame
        Rows of an index by name, as those of `write_clips`.
    folder : Path
        Where to write; each file is written atomically.
    threads : int
        Pictures at a time; it does not change the result.

    Raises
    ------
    UserError
        If a name is not valid, a shard does not match the index, or the disk is full.
    """
    for _ in _of_each(_write_picture, rows, folder, threads, "picture"):
        pass


def _of_each(
    write: Callable[[Path, str, Source], T],
    rows: pd.DataFrame,
    folder: Path,
    threads: int,
    unit: str,
) -> Iterator[T]:
    """What `write` gives for each row, in their order."""
    for name in rows.index:
        if not _OURS.fullmatch(f"{name}.mp4"):
            raise UserError(f"the id {name!r} is not 16 hex digits; make manifest and index again")
    folder.mkdir(parents=True, exist_ok=True)  # also if no clip has media

    def one(name: str, row: VideoRow, seconds: float) -> T:
        try:
            video, audio = read_clip(Path(), row)
            return write(folder, name, Source(row, video, audio, max(0.0, (seconds - SECONDS) / 2)))
        except CorruptClip as error:
            raise UserError(
                f"{row['shard']}: clip {row['id']} cannot be read ({error}); make it again"
            ) from None

    with ThreadPoolExecutor(threads) as pool:
        work = pool.map(one, rows.index, rows_of(rows), seconds_of(rows).tolist())
        try:
            yield from Bar(work, total=len(rows), desc="explorer", unit=unit)
        finally:
            pool.shutdown(cancel_futures=True)


def remove_others(names: set[str], folder: Path) -> int:
    """Remove the files of an earlier page that have none of these names; return their number."""
    stale = [
        path for path in folder.iterdir() if _OURS.fullmatch(path.name) and path.name not in names
    ]
    for path in stale:
        path.unlink()
    return len(stale)


def _write_clip(folder: Path, name: str, source: Source) -> np.ndarray:
    """Write a clip's files; return the peaks of its audio."""
    with atomic_path(folder / f"{name}.mp4") as clip, atomic_path(folder / f"{name}.jpg") as still:
        write_mp4(source, clip)
        still.write_bytes(picture(source))
    return peaks(source.samples, PEAKS)


def _write_picture(folder: Path, name: str, source: Source) -> None:
    with atomic_path(folder / f"{name}.jpg") as still:
        still.write_bytes(picture(source))
