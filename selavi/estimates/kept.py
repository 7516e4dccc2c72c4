"""The seconds that each stage of a configuration is expected to take, kept for a resumed run."""

import hashlib
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from selavi.files import write_text
from selavi.settings import Config


class _Kept(BaseModel):
    config: str
    seconds: dict[str, float]


def read_seconds(path: Path, config: Config) -> dict[str, float] | None:
    """Read what was kept of a configuration.

    Parameters
    ----------
    path : Path
        The file.
    config : Config
        The configuration.

    Returns
    -------
    dict of str to float or None
        Seconds by name of the stage; None if nothing was kept, or of another configuration.
    """
    with suppress(OSError, ValidationError):
        kept = _Kept.model_validate_json(path.read_bytes())
        return kept.seconds if kept.config == _digest(config) else None
    return None


def write_seconds(path: Path, config: Config, seconds: dict[str, float]) -> None:
    """Keep seconds by name of the stage; arguments as those of `read_seconds`."""
    write_text(path, _Kept(config=_digest(config), seconds=seconds).model_dump_json())


def _digest(config: Config) -> str:
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()
