"""selavi run: run the whole workflow, and show how far it has come."""

import argparse
from pathlib import Path

HELP = "run the workflow by Snakemake, show how far it is, go on where a killed run stopped"
PROFILE = "profiles/local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "selavi run [-h] [ARGUMENTS OF SNAKEMAKE ...]"
    parser.epilog = (
        f"Arguments are Snakemake's own, such as --configfile mine.yaml, -n or -R metrics; without "
        f"--profile it is {PROFILE}. New videos in a dataset's folder are taken in."
    )


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from selavi.running.results import show_results
    from selavi.running.snakemake import Run

    known = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    known.add_argument("--profile")
    known.add_argument("--directory", "-d", type=Path, default=Path())
    given, _ = known.parse_known_args(options.rest)
    profile = [] if given.profile else ["--profile", PROFILE]
    console = Console(stderr=True, highlight=False)
    run = Run(console)
    status = run([*profile, *options.rest], given.directory)
    if status == 0 and (run.nothing or run.board.whole):
        show_results(given.directory / "results")
    return status
