"""The ffmpeg binary that decodes videos."""

import logging
import shutil
import subprocess
from functools import cache

import imageio_ffmpeg

log = logging.getLogger(__name__)


@cache
def ffmpeg_binary() -> str:
    """Path of the system's ffmpeg if it is 5.1 or later, else of the one in imageio-ffmpeg."""
    system = shutil.which("ffmpeg")
    if system:
        if "-fps_mode" in _output(system, "-h", "long"):
            return system
        log.warning("%s is older than 5.1; using the ffmpeg that imageio-ffmpeg ships", system)
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@cache
def ffmpeg_version() -> str:
    """First line of `ffmpeg -version`."""
    return _output(ffmpeg_binary(), "-version").split("\n")[0]


def _output(binary: str, *arguments: str) -> str:
    command = [binary, "-hide_banner", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
