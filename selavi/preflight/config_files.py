"""Read configuration files and Snakemake profiles as Snakemake reads them."""

from pathlib import Path
from typing import Any

from selavi.config_file import parse, read_yaml
from selavi.files import UserError
from selavi.settings import Config
from selavi.settings.merge import overlay

DEFAULT = Path("config/demo.yaml")


def read_config(paths: list[Path]) -> Config:
    """Merge configuration files, the later over the earlier, and check them. Raises UserError."""
    merged: dict[str, Any] = {}
    for path in paths:
        merged = overlay(merged, read_keys(path))
    return parse(merged, Config, ", ".join(map(str, paths)))


def read_profile(name: str | None) -> tuple[Path | None, dict[str, Any]]:
    """Find a profile's file and content where `snakemake --profile NAME` looks.

    No name gives no file and no content. Raises UserError if there is no such profile.
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
    """The configuration files that a profile names, or else the default one."""
    named = profile.get("configfile") or profile.get("configfiles") or DEFAULT
    return [Path(p) for p in (named if isinstance(named, list) else [named])]


def read_keys(path: Path) -> dict[str, Any]:
    """A file's keys and values, none if it is empty. Raises UserError."""
    content = read_yaml(path)
    if not isinstance(content, dict | None):
        raise UserError(f"{path} holds {content!r:.40}, not keys and values")
    return content or {}
