"""The ends of the logs of jobs that failed, found through Snakemake's own log."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

LINES = 15
ERROR = re.compile(r"^Error in (?:rule|group) (\S+?):?$")
LOGS = re.compile(r"^ {4}log: (.*?)(?: \(check log file\(s\) for error details\))?$")
WIDEST = 400  # characters of a line: a traceback fits, a progress bar's thousand redraws do not


def last_lines(snakemake_logs: Iterable[str]) -> str:
    """Where the logs of each failed job are, and how they end; the newest attempt of each.

    A log of one name that several attempts wrote holds the last one's words; Slurm's logs have a
    name for each attempt.
    """
    failed: dict[tuple[str, str], list[Path]] = {}
    for rule, files in _failures(snakemake_logs):
        failed[rule, str(files[0])] = files  # a later attempt takes the place of an earlier one
    parts = []
    for (rule, _), files in failed.items():
        parts.append(f"rule {rule} failed:")
        for path in files:
            parts.append(f"  {path}")
            parts.extend(f"    | {line}" for line in end_of(path))
    return "\n".join(parts)


def _failures(snakemake_logs: Iterable[str]) -> Iterator[tuple[str, list[Path]]]:
    rule = ""
    for line in chain(*(Path(f).read_text(errors="replace").splitlines() for f in snakemake_logs)):
        if found := ERROR.match(line):
            rule = found[1]
        elif rule and (found := LOGS.match(line)):
            yield rule, [Path(name) for name in found[1].split(", ")]
            rule = ""


def end_of(path: Path) -> list[str]:
    """The last lines of a log, without what a progress bar wrote over."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        return [f"({error.strerror})"]
    lines = [line.split("\r")[-1].rstrip()[:WIDEST] for line in lines]
    return [line for line in lines if line][-LINES:] or ["(empty)"]
