"""Which files are opened as media: real containers on this machine, never lists of other files."""

from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer

PROTOCOL = "file"
FORMATS = (
    "3dostr", "asf", "avi", "dv", "flv", "gif", "gxf", "h264", "hevc", "ivf", "live_flv", "m4v",
    "matroska", "mov", "mpeg", "mpegts", "mpegvideo", "mxf", "nsv", "nut", "ogg", "rm", "swf",
    "vob", "wtv",
)  # fmt: skip
"""Demuxers that read nothing but the file itself: no playlist (HLS, DASH, ffconcat), no image
sequence, no script."""


def open_container(path: Path) -> InputContainer:
    """Open a video file for reading. Raises OSError or av.error.FFmpegError if it is not one."""
    return av.open(
        locator(path),
        "r",
        metadata_errors="replace",
        options={"protocol_whitelist": PROTOCOL, "format_whitelist": ",".join(FORMATS)},
    )


def open_member(content: BinaryIO, kind: str, **options: str) -> InputContainer:
    """Open media in memory or in a shard, of a known format. Raises as `open_container`.

    Nothing else is opened, whatever the content names. options : of the demuxer.
    """
    return av.open(
        content,
        "r",
        format=kind,
        metadata_errors="replace",
        options={"protocol_whitelist": "none", "format_whitelist": kind} | options,
    )


def locator(path: Path) -> str:
    """A name that ffmpeg cannot take for an option, a protocol or an image pattern."""
    return f"file:{path}"
