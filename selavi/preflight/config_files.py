"""Read configuration files and Snakemake profiles as Snakemake reads them."""

from pathlib import Path
from typing import Any

from selavi.config_file import parse, read_yaml
from selavi.files import UserError
from selavi.settings import Config
from selavi.settings.merge import overlay

DEFAULTS = (Path("config.yaml"), Path("config/demo.yaml"))
"""Of a project, and of the repository."""


def read_config(paths: list[Path]) -> Config:
    """Merge configuration files, the later over the earlier, and check the result.

    Parameters
    ----------
    paths : list of Path
        The files, the first read first.

    Returns
    -------
    Config
        The checked configuration.

    Raises
    ------
    UserError
        If a file cannot be read, or a setting is wrong.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        if not path.exists():
            raise UserError(
                f"{path} does not exist; name a configuration with --configfile, or begin a "
                "project with `selavi init`"
            )
        merged = overlay(merged, read_keys(path))
    return parse(merged, Config, ", ".join(map(str, paths)))


def read_profile(name: str | None) -> tuple[Path | None, dict[str, Any]]:
    """Find a profile's file and content where `snakemake --profile NAME` looks.

    Parameters
    ----------
    name : str or None
        None for no profile.

    Returns
    -------
    path : Path or None
        The profile's file.
    content : dict
        Its keys and values; empty for no profile.

    Raises
    ------
    UserError
        If there is no such profile.
    """
    if name is None:
        return None, {}
    for folder in (Path(), Path.home() / ".config/snakemake", Path("/etc/xdg/snakemake")):
        for file in ("config.v9+.yaml", "config.v8+.yaml", "config.yaml"):
            path = folder / name / file
            if path.is_file():
                return path, read_keys(path)
    raise UserError(f"no profile {name!r}: {name}/config.yaml does not exist here; check --profile")


def config_files(profile: dict[str, Any]) -> list[Path]:
    """Return the configuration files that a profile's content names, or else the default."""
    default = next((path for path in DEFAULTS if path.exists()), DEFAULTS[-1])
    named = profile.get("configfile") or profile.get("configfiles") or default
    return [Path(p) for p in (named if isinstance(named, list) else [named])]


def read_keys(path: Path) -> dict[str, Any]:
    """Read a file's keys and values; an empty file has none. Raises UserError."""
    content = read_yaml(path)
    if not isinstance(content, dict | None):
        raise UserError(f"{path} holds {content!r:.40}, not keys and values")
    return content or {}
