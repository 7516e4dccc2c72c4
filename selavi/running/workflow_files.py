"""The workflow that the package brings along, for folders that have none of their own."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from selavi.files import UserError

SNAKEFILES = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")
"""Where Snakemake looks for the workflow of a folder."""
CONFIGURATIONS = ("config.yaml", "config/config.yaml")
PROFILE = "profiles/local"


def shipped(name: str) -> Path:
    """A folder of the workflow: `workflow`, `config`, `profiles`, or one below them.

    A checkout has them beside the package, an installation in `selavi_workflow`.

    Raises
    ------
    UserError
        If the package was installed without them.
    """
    beside = Path(__file__).parents[2]
    for root in (beside / "selavi_workflow", beside):
        if (root / name).is_dir():
            return root / name
    raise UserError(
        f"the folder {name} of the workflow is not where the package is, {beside}; install selavi "
        "again with pip, from its repository or a wheel"
    )


def complete(arguments: Sequence[str]) -> list[str]:
    """Add what a call of Snakemake lacks here: a profile, a Snakefile, a configuration.

    Parameters
    ----------
    arguments : sequence of str
        Snakemake's arguments. What they say is kept.

    Returns
    -------
    list of str
        The arguments, behind those that are added.

    Raises
    ------
    UserError
        If this folder has neither a workflow nor a configuration, and none is given.
    """
    known = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    known.add_argument("--profile")
    known.add_argument("--snakefile", "-s")
    known.add_argument("--configfile", "--configfiles", nargs="+")
    given, _ = known.parse_known_args(arguments)
    added: list[str] = []
    if not given.profile:
        own = (Path(PROFILE) / "config.yaml").is_file()
        added += ["--profile", PROFILE if own else str(shipped(PROFILE))]
    if not given.snakefile and not _first_of(SNAKEFILES):
        configuration = _first_of(CONFIGURATIONS)
        if not given.configfile and not configuration:
            raise UserError(
                f"there is no workflow and no configuration in {Path.cwd()}; begin a project with "
                "`selavi init`, name a configuration with --configfile, or change to its folder"
            )
        added += ["--snakefile", str(shipped("workflow") / "Snakefile")]
        if not given.configfile:
            added += ["--configfile", str(configuration)]
    return [*added, *arguments]


def _first_of(names: Sequence[str]) -> Path | None:
    return next((Path(name) for name in names if Path(name).is_file()), None)
