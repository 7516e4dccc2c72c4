"""The explorer's clips: what a clip has of video and audio in one mp4, and a picture as a JPEG."""

import io
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
import numpy as np
import pandas as pd

from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.schema import VideoRow, rows_of
from selavi.data.shards.decode import decode_samples
from selavi.data.shards.reader import CorruptClip, read_clip
from selavi.disk import WRITE_ERRORS
from selavi.files import UserError, atomic_path
from selavi.progress import Bar

log = logging.getLogger(__name__)

WAVEFORM = {"s": "320x180", "colors": "0x8ab4f8"}
SECONDS = 6.0
"""What is kept of a clip at most, about its middle, where the network looks."""
AUDIO_BITS = 64_000
"""Of audio, per second."""
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
    start = max(0.0, (seconds - SECONDS) / 2)
    with (
        tempfile.TemporaryDirectory(prefix="selavi-") as scratch,
        atomic_path(folder / f"{name}.mp4") as clip,
        atomic_path(folder / f"{name}.jpg") as still,
    ):
        video, audio = Path(scratch, "clip.mp4"), Path(scratch, "clip.wav")
        members = _members(row)
        for file, content in zip((video, audio), members, strict=True):
            file.write_bytes(content)
        peaks = _peaks(members[1], row, start)
        run = subprocess.run(
            _command(
                video if row["video_size"] else None,
                audio if row["samples"] else None,
                clip,
                still,
                start,
                row["frames"] / row["fps"] / 2,
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
    return peaks


def _members(row: VideoRow) -> tuple[bytes, bytes]:
    try:
        return read_clip(Path(), row)
    except CorruptClip as error:
        raise UserError(
            f"{row['shard']}: clip {row['id']} cannot be read ({error}); make it again"
        ) from None


def _peaks(audio: bytes, row: VideoRow, start: float) -> np.ndarray:
    """The largest amplitudes of equal parts of the audio that is kept, (PEAKS,) uint8.

    As roots, or quiet audio would not be seen.
    """
    if not row["samples"]:
        return np.zeros(PEAKS, np.uint8)
    first = min(round(start * row["rate"]), row["samples"] - 1)
    count = min(round(SECONDS * row["rate"]), row["samples"] - first)
    try:
        samples = np.abs(decode_samples(io.BytesIO(audio), first, count).astype(np.float32))
    except CorruptClip as error:
        raise UserError(
            f"{row['shard']}: clip {row['id']} cannot be read ({error}); make it again"
        ) from None
    parts = np.array_split(samples, PEAKS)
    peaks = np.array([part.max(initial=0) for part in parts])
    return np.sqrt(peaks / 32_768 * 255**2).astype(np.uint8)


def _command(
    video: Path | None, audio: Path | None, clip: Path, still: Path, start: float, middle: float
) -> list[str]:
    """The ffmpeg command; formats and protocols are given, so that no content can choose others.

    Video is copied, which can begin at a keyframe only: the one before `start`. Audio begins at
    `start`, and both keep their distance.
    """
    part: dict[str, Any] = {"ss": f"{start:.3f}"} if start else {}
    safe = {"protocol_whitelist": "file", "threads": 1}
    as_mp4 = safe | {"format": "mp4", "codec_whitelist": "h264"}
    as_wave = safe | {"format": "wav", "codec_whitelist": "pcm_s16le"}
    streams: list[Any] = []
    codecs: dict[str, str] = {}
    if audio:
        sound = ffmpeg.input(f"file:{audio}", **part, **as_wave).audio
        streams.append(sound)
        codecs |= {"acodec": "aac", "audio_bitrate": str(AUDIO_BITS)}
        whole = ffmpeg.input(f"file:{audio}", **as_wave)
        picture = whole.filter("showwavespic", **WAVEFORM)
    if video:
        streams.insert(0, ffmpeg.input(f"file:{video}", **part, **as_mp4).video)
        codecs |= {"vcodec": "copy"}
        picture = ffmpeg.input(f"file:{video}", ss=f"{middle:.3f}", **as_mp4).video
    outputs = ffmpeg.merge_outputs(
        ffmpeg.output(
            *streams,
            f"file:{clip}",
            format="mp4",
            **codecs,
            **({"t": f"{SECONDS:.3f}", "avoid_negative_ts": "make_zero"} if start else {}),
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
