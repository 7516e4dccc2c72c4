"""Which ffmpeg decodes videos."""

import logging
import shutil
import subprocess
from functools import cache

import imageio_ffmpeg

log = logging.getLogger(__name__)


@cache
def ffmpeg_binary() -> str:
    """The system's ffmpeg if it is new enough, else the one that imageio-ffmpeg ships."""
    system = shutil.which("ffmpeg")
    if system:
        if "-fps_mode" in _said(system, "-h", "long"):
            return system
        log.warning("%s is older than 5.1; using the ffmpeg that imageio-ffmpeg ships", system)
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@cache
def ffmpeg_version() -> str:
    """The first line that ffmpeg says of itself."""
    return _said(ffmpeg_binary(), "-version").split("\n")[0]


def _said(binary: str, *arguments: str) -> str:
    command = [binary, "-hide_banner", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
