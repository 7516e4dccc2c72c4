"""Open media: self-contained local containers only, never playlists that name other files."""

from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer

PROTOCOL = "file"
FORMATS = (
    "3dostr", "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dts", "dv", "eac3",
    "flac", "flv", "gif", "gxf", "h264", "hevc", "ivf", "live_flv", "m4v", "matroska", "mov", "mp3",
    "mpeg", "mpegts", "mpegvideo", "mxf", "nsv", "nut", "ogg", "rm", "swf", "tta", "vob", "w64",
    "wav", "wtv", "wv",
)  # fmt: skip
"""Demuxers that read only the file itself: no playlist (HLS, DASH, ffconcat), image sequence or
script, which could bring in other files."""


def open_container(path: Path) -> InputContainer:
    """Open a video or audio file for reading.

    Raises
    ------
    OSError
        If the file cannot be read.
    av.error.FFmpegError
        If it is in none of `FORMATS`.
    """
    return av.open(
        locator(path),
        "r",
        metadata_errors="replace",
        options={"protocol_whitelist": PROTOCOL, "format_whitelist": ",".join(FORMATS)},
    )


def open_member(content: BinaryIO, kind: str, **options: str) -> InputContainer:
    """Open media in memory or in a shard; no other file is opened, whatever the content names.

    Parameters
    ----------
    content : BinaryIO
        A seekable binary file.
    kind : str
        The container format, as ffmpeg names it.
    **options : str
        Options of the demuxer.

    Raises
    ------
    OSError
        If the content cannot be read.
    av.error.FFmpegError
        If it is not in the given format.
    """
    return av.open(
        content,
        "r",
        format=kind,
        metadata_errors="replace",
        options={"protocol_whitelist": "none", "format_whitelist": kind} | options,
    )


def locator(path: Path) -> str:
    """URL of a local file, which ffmpeg cannot mistake for an option, protocol or image pattern."""
    return f"file:{path}"
