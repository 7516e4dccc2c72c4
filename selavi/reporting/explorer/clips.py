"""The clips of the page: picture and sound of a shard put together, and a still of the middle."""

import logging
import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ffmpeg
import pandas as pd

from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.schema import VideoRow, rows_of
from selavi.data.shards.reader import CorruptClip, read_clip
from selavi.disk import IN_WRITING
from selavi.files import UserError, atomic_path
from selavi.progress import Bar

log = logging.getLogger(__name__)

_OURS = re.compile(r"[0-9a-f]{16}\.(mp4|jpg)")


def write_clips(rows: pd.DataFrame, shards: Path, folder: Path, threads: int = 1) -> None:
    """Write `{id}.mp4` (H.264 as in the shard, sound, if any, as AAC) and `{id}.jpg` for each row.

    Parameters
    ----------
    rows : rows of an index. shards : the folder of its tars. folder : where to write.
    threads : ffmpeg processes at a time; it does not change the result.

    Raises UserError if an id could not be a file's name, a shard does not hold what the index
    says, or the disk is full. Each file appears whole or not at all.
    """
    for id_ in rows["id"]:
        if not _OURS.fullmatch(f"{id_}.mp4"):
            raise UserError(f"the id {id_!r} is not 16 hex digits; make manifest and index again")
    with ThreadPoolExecutor(threads) as pool:
        work = pool.map(lambda row: _write_clip(row, shards, folder), rows_of(rows))
        try:
            for _ in Bar(work, total=len(rows), desc="explorer", unit="clip"):
                pass
        finally:
            pool.shutdown(cancel_futures=True)


def remove_others(ids: set[str], folder: Path) -> int:
    """Remove what `write_clips` made for other ids, and nothing else; returns how many files."""
    stale = [
        path for path in folder.iterdir() if _OURS.fullmatch(path.name) and path.stem not in ids
    ]
    for path in stale:
        path.unlink()
    return len(stale)


def _write_clip(row: VideoRow, shards: Path, folder: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="selavi-") as scratch,
        atomic_path(folder / f"{row['id']}.mp4") as clip,
        atomic_path(folder / f"{row['id']}.jpg") as still,
    ):
        picture, sound = Path(scratch, "clip.mp4"), Path(scratch, "clip.wav")
        for file, content in zip((picture, sound), _members(row, shards), strict=True):
            file.write_bytes(content)
        middle = row["frames"] / row["fps"] / 2
        done = subprocess.run(
            _command(picture, sound if row["samples"] else None, clip, still, middle),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        words = done.stderr.decode("utf-8", "replace").strip()
        for number in IN_WRITING:
            if os.strerror(number) in words:
                raise OSError(number, os.strerror(number))
        if done.returncode != 0 or not still.stat().st_size:
            last = words.splitlines()[-1] if words else f"exit status {done.returncode}"
            raise UserError(
                f"{shards / row['shard']}: clip {row['id']} cannot be read ({last}); make it again"
            )


def _members(row: VideoRow, shards: Path) -> tuple[bytes, bytes]:
    try:
        return read_clip(shards, row)
    except CorruptClip as error:
        words = f"{shards / row['shard']}: clip {row['id']} cannot be read ({error}); make it again"
        raise UserError(words) from None


def _command(
    picture: Path, sound: Path | None, clip: Path, still: Path, middle: float
) -> list[str]:
    """All files are named by format and protocol: neither a name nor a content may choose them."""
    read = {"format": "mp4", "protocol_whitelist": "file", "codec_whitelist": "h264", "threads": 1}
    streams = [ffmpeg.input(f"file:{picture}", **read).video]
    heard = {}
    if sound:
        listen = read | {"format": "wav", "codec_whitelist": "pcm_s16le"}
        streams.append(ffmpeg.input(f"file:{sound}", **listen).audio)
        heard = {"acodec": "aac", "audio_bitrate": "64k"}
    at_middle = ffmpeg.input(f"file:{picture}", ss=f"{middle:.3f}", **read)
    outputs = ffmpeg.merge_outputs(
        ffmpeg.output(
            *streams,
            f"file:{clip}",
            format="mp4",
            vcodec="copy",
            **heard,
            movflags="+faststart",
            map_metadata=-1,
            **{"fflags": "+bitexact", "flags:a": "+bitexact"},
        ),
        ffmpeg.output(
            at_middle.video,
            f"file:{still}",
            format="mjpeg",
            vframes=1,
            pix_fmt="yuvj420p",
            **{"q:v": 3, "threads": 1},
        ),
    ).global_args("-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-filter_threads", "1")
    return list(ffmpeg.compile(outputs, cmd=ffmpeg_binary()))
