"""selavi run: run the whole workflow, and show its progress."""

import argparse
from pathlib import Path

HELP = "run the workflow with Snakemake, show its progress, resume what was interrupted"
RUNS_NOTHING = (  # calls that run no job: Snakemake replaces this process
    "--dry-run --dryrun -n", "--report", "--reporter", "--summary -S", "--detailed-summary -D",
    "--lint", "--unlock", "--touch -t", "--version -v", "--list-rules --list -l",
    "--list-target-rules --lt", "--list-changes --lc", "--list-input-changes --li",
    "--list-params-changes --lp", "--list-untracked --lu", "--dag", "--rulegraph", "--filegraph",
    "--d3dag", "--print-compilation", "--generate-unit-tests", "--containerize", "--export-cwl",
    "--archive", "--cleanup-metadata --cm", "--cleanup-shadow", "--delete-all-output",
    "--delete-temp-output", "--list-conda-envs", "--conda-cleanup-envs", "--conda-create-envs-only",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "selavi run [-h] [ARGUMENTS OF SNAKEMAKE ...]"
    parser.epilog = (
        "Arguments are Snakemake's own, such as --configfile mine.yaml, -n or -R metrics. The "
        "default profile is profiles/local. A folder without a Snakefile needs a config.yaml, or "
        "--configfile. New videos in a dataset's folder are added."
    )


def run(options: argparse.Namespace) -> int:
    from selavi.running.results import show_results
    from selavi.running.screen import LastingConsole
    from selavi.running.snakemake import Run, become_snakemake
    from selavi.running.workflow_files import complete

    known = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    known.add_argument("--directory", "-d", type=Path, default=Path())
    given, _ = known.parse_known_args(options.rest)
    arguments = complete(options.rest)
    if runs_nothing(options.rest):
        become_snakemake(arguments)
    console = LastingConsole(stderr=True, highlight=False)
    run = Run(console)
    status = run(arguments, given.directory)
    if status == 0 and (run.nothing or run.board.complete):
        show_results(given.directory / "results")
    return status


def runs_nothing(arguments: list[str]) -> bool:
    """Whether Snakemake, given these arguments, runs no job."""
    parser = argparse.ArgumentParser(prog="selavi run", usage=argparse.SUPPRESS, add_help=False)
    for names in RUNS_NOTHING:
        parser.add_argument(*names.split(), dest="asked", action="append", nargs="?", const=True)
    for letter in "kfFpa":  # may be joined with one of these, as in -Fn
        parser.add_argument(f"-{letter}", action="store_true")
    parser.add_argument("--report-after-run", action="store_true")
    given, _ = parser.parse_known_args(arguments)
    return bool(given.asked) and not given.report_after_run
