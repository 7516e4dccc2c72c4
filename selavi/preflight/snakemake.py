"""What profiles run before Snakemake reads the configuration files."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from selavi.files import UserError
from selavi.preflight.config_files import config_files, read_keys, read_profile
from selavi.user import settle_user


def prepare(arguments: list[str] | None = None) -> None:
    """Settle the user, and exit with a message if a configuration file cannot be read.

    Snakemake fails there too, often without naming the file.
    """
    settle_user()
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", type=Path, nargs="+")
    parser.add_argument("--profile")
    options, _ = parser.parse_known_args(arguments)
    profile: dict[str, Any] = {}
    with suppress(UserError):  # Snakemake looks in more places
        _, profile = read_profile(options.profile)
    for path in options.configfile or config_files(profile):
        if path.exists() or options.configfile:
            try:
                read_keys(path)
            except UserError as error:
                sys.exit(f"{error}")
