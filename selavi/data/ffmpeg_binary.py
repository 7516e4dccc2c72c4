"""Which ffmpeg decodes videos."""

import logging
import shutil
import subprocess
from functools import cache

import imageio_ffmpeg

log = logging.getLogger(__name__)


@cache
def ffmpeg_binary() -> str:
    """The system's ffmpeg if it has what is needed, else the one that imageio-ffmpeg ships."""
    system = shutil.which("ffmpeg")
    if system:
        if all(word in _said(system, *ask) for ask, word in NEEDED.items()):
            return system
        log.warning(
            "%s is too old or lacks libx264; using the ffmpeg that imageio-ffmpeg ships", system
        )
    return str(imageio_ffmpeg.get_ffmpeg_exe())


NEEDED = {("-encoders",): "libx264", ("-h", "long"): "-fps_mode"}
"""What it must list when asked so; since ffmpeg 5.1."""


@cache
def ffmpeg_version() -> str:
    """The first line that ffmpeg says of itself."""
    return _said(ffmpeg_binary(), "-version").split("\n")[0]


def _said(binary: str, *arguments: str) -> str:
    command = [binary, "-hide_banner", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
