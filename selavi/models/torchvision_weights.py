"""Torchvision's own weights of R(2+1)D-18: where torch keeps them, and their download."""

import logging
from pathlib import Path

import torch
from torchvision.models.video import R2Plus1D_18_Weights

from selavi.files import UserError
from selavi.models.download import Unreachable, discard, download, finish, sole_writer
from selavi.models.weights_file import require_named_digest
from selavi.models.zoo import digest_of

log = logging.getLogger(__name__)

URL: str = R2Plus1D_18_Weights.KINETICS400_V1.url


def cached_weights(url: str = URL) -> Path:
    """Where torch keeps a file of weights, whether it is there or not ($TORCH_HOME moves it)."""
    return Path(torch.hub.get_dir(), "checkpoints", url.rpartition("/")[2])


def torchvision_weights(url: str = URL, schemes: tuple[str, ...] = ("https",)) -> Path:
    """Find the weights in torch's cache, and download them if they are not there.

    Parameters
    ----------
    url : str
        Address of the file; its name ends in the first digits of its SHA-256.
    schemes : tuple of str
        Schemes that the address may have.

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
        with sole_writer(path) as part:
            if not path.exists():  # another process may have got it meanwhile
                _get(url, part, path, schemes)
    require_named_digest(path)
    return path


def _get(url: str, part: Path, path: Path, schemes: tuple[str, ...]) -> None:
    log.info("downloading %s to %s", url, path)
    digits = path.stem.rpartition("-")[2]
    try:
        download(url, part, schemes)
    except Unreachable as error:
        raise UserError(
            f"{error}; get {url} on a machine with a network and place it at {path}"
        ) from None
    if not (digest := digest_of(part)).startswith(digits):
        discard(part)
        raise UserError(
            f"{url} gives another file: its SHA-256 begins with {digest[: len(digits)]}; get the "
            f"one named {path.name} elsewhere and place it at {path}"
        )
    finish(part, path)
