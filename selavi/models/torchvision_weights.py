"""Torchvision's own weights of R(2+1)D-18: where torch keeps them, and their download."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torchvision.models.video import R2Plus1D_18_Weights

from selavi.files import UserError
from selavi.models.weights_file import require_named_digest

log = logging.getLogger(__name__)

URL: str = R2Plus1D_18_Weights.KINETICS400_V1.url
SILENCE_SECONDS = 20.0  # of a server, after which a download fails


def cached_weights(url: str = URL) -> Path:
    """Where torch keeps a file of weights, whether it is there or not ($TORCH_HOME moves it)."""
    return Path(torch.hub.get_dir(), "checkpoints", url.rpartition("/")[2])


def torchvision_weights(url: str = URL) -> Path:
    """Find the weights in torch's cache, and download them if they are not there.

    Parameters
    ----------
    url : str
        Address of the file; its name ends in the first digits of its SHA-256.

    Returns
    -------
    Path
        The file, whose content has that SHA-256.

    Raises
    ------
    UserError
        If it cannot be downloaded, or is damaged. The text names the file to place, and where.
    """
    path = cached_weights(url)
    if not path.exists():
        log.info("downloading %s to %s", url, path)
        _download(url, path)
    require_named_digest(path)
    return path


def _download(url: str, path: Path) -> None:
    digits = path.stem.rpartition("-")[2]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _time_limit():
            torch.hub.download_url_to_file(url, str(path), hash_prefix=digits)
    except (OSError, RuntimeError) as error:  # RuntimeError: another SHA-256
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{path.name} cannot be downloaded ({reason}); get {url} on a machine with a network "
            f"and place it at {path}"
        ) from None


@contextmanager
def _time_limit() -> Iterator[None]:
    """Let a silent server fail; torch's download would wait for it without end."""
    earlier = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(earlier)
