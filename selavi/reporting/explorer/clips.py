"""The explorer's clips: what a clip has of video and audio in one mp4, and a picture as a JPEG."""

import logging
import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg
import pandas as pd

from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.schema import VideoRow, rows_of
from selavi.data.shards.reader import CorruptClip, read_clip
from selavi.disk import WRITE_ERRORS
from selavi.files import UserError, atomic_path
from selavi.progress import Bar

log = logging.getLogger(__name__)

WAVEFORM = {"s": "320x180", "colors": "0x8ab4f8"}
_OURS = re.compile(r"[0-9a-f]{16}\.(mp4|jpg)")


def write_clips(rows: pd.DataFrame, folder: Path, threads: int = 1) -> None:
    """Write `{name}.mp4` (the shard's H.264, with audio as AAC) and `{name}.jpg` for each row.

    The picture is the middle frame, or the waveform of a clip without video.

    Parameters
    ----------
    rows : DataFrame
        Rows of an index by name, 16 hex digits; `shard` is an absolute path.
    folder : Path
        Where to write; each file is written atomically.
    threads : int
        ffmpeg processes at a time; it does not change the result.

    Raises
    ------
    UserError
        If a name is not valid, a shard does not match the index, or the disk is full.
    """
    for name in rows.index:
        if not _OURS.fullmatch(f"{name}.mp4"):
            raise UserError(f"the id {name!r} is not 16 hex digits; make manifest and index again")
    folder.mkdir(parents=True, exist_ok=True)  # also if no clip has media
    with ThreadPoolExecutor(threads) as pool:
        work = pool.map(partial(_write_clip, folder), rows.index, rows_of(rows))
        try:
            for _ in Bar(work, total=len(rows), desc="explorer", unit="clip"):
                pass
        finally:
            pool.shutdown(cancel_futures=True)


def remove_others(ids: set[str], folder: Path) -> int:
    """Remove the files of `write_clips` for other ids; return their number."""
    stale = [
        path for path in folder.iterdir() if _OURS.fullmatch(path.name) and path.stem not in ids
    ]
    for path in stale:
        path.unlink()
    return len(stale)


def _write_clip(folder: Path, name: str, row: VideoRow) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="selavi-") as scratch,
        atomic_path(folder / f"{name}.mp4") as clip,
        atomic_path(folder / f"{name}.jpg") as still,
    ):
        video, audio = Path(scratch, "clip.mp4"), Path(scratch, "clip.wav")
        for file, content in zip((video, audio), _members(row), strict=True):
            file.write_bytes(content)
        middle = row["frames"] / row["fps"] / 2
        run = subprocess.run(
            _command(
                video if row["video_size"] else None,
                audio if row["samples"] else None,
                clip,
                still,
                middle,
            ),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        messages = run.stderr.decode("utf-8", "replace").strip()
        for number in WRITE_ERRORS:
            if os.strerror(number) in messages:
                raise OSError(number, os.strerror(number))
        if run.returncode != 0 or not still.stat().st_size:
            last = messages.splitlines()[-1] if messages else f"exit status {run.returncode}"
            raise UserError(
                f"{row['shard']}: clip {row['id']} cannot be read ({last}); make it again"
            )


def _members(row: VideoRow) -> tuple[bytes, bytes]:
    try:
        return read_clip(Path(), row)
    except CorruptClip as error:
        raise UserError(
            f"{row['shard']}: clip {row['id']} cannot be read ({error}); make it again"
        ) from None


def _command(
    video: Path | None, audio: Path | None, clip: Path, still: Path, middle: float
) -> list[str]:
    """The ffmpeg command; formats and protocols are given, so that no content can choose others."""
    safe = {"protocol_whitelist": "file", "threads": 1}
    as_mp4 = safe | {"format": "mp4", "codec_whitelist": "h264"}
    as_wave = safe | {"format": "wav", "codec_whitelist": "pcm_s16le"}
    streams: list[Any] = []
    codecs: dict[str, str] = {}
    if audio:
        sound = ffmpeg.input(f"file:{audio}", **as_wave).audio
        streams.append(sound)
        codecs |= {"acodec": "aac", "audio_bitrate": "64k"}
        picture = ffmpeg.input(f"file:{audio}", **as_wave).filter("showwavespic", **WAVEFORM)
    if video:
        streams.insert(0, ffmpeg.input(f"file:{video}", **as_mp4).video)
        codecs |= {"vcodec": "copy"}
        picture = ffmpeg.input(f"file:{video}", ss=f"{middle:.3f}", **as_mp4).video
    outputs = ffmpeg.merge_outputs(
        ffmpeg.output(
            *streams,
            f"file:{clip}",
            format="mp4",
            **codecs,
            movflags="+faststart",
            map_metadata=-1,
            **{"fflags": "+bitexact", "flags:a": "+bitexact"},
        ),
        ffmpeg.output(
            picture,
            f"file:{still}",
            format="mjpeg",
            vframes=1,
            pix_fmt="yuvj420p",
            **{"q:v": 3, "threads": 1},
        ),
    ).global_args("-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-filter_threads", "1")
    return list(ffmpeg.compile(outputs, cmd=ffmpeg_binary()))
