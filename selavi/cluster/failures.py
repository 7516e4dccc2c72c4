"""The last lines of failed jobs' logs, located through Snakemake's own log."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

LINES = 15
ERROR = re.compile(r"^Error in (?:rule|group) (\S+?):?$")
LOGS = re.compile(r"^ {4}log: (.*?)(?: \(check log file\(s\) for error details\))?$")
MAX_WIDTH = 400  # characters of a line: enough for a traceback, not for a bar's thousand redraws


def last_lines(snakemake_logs: Iterable[str]) -> str:
    """Names and last lines of the logs of each failed job, for its latest attempt.

    Parameters
    ----------
    snakemake_logs : Iterable of str
        Snakemake's log files, oldest first.
    """
    failed: dict[tuple[str, str], list[Path]] = {}
    for rule, files in _failures(snakemake_logs):
        # Attempts share the job's log, while Slurm's own log, if any, has a name for each.
        failed[rule, str(files[0])] = files
    lines = []
    for (rule, _), files in failed.items():
        lines.append(f"rule {rule} failed:")
        for path in files:
            lines.append(f"  {path}")
            lines.extend(f"    | {line}" for line in end_of(path))
    return "\n".join(lines)


def _failures(snakemake_logs: Iterable[str]) -> Iterator[tuple[str, list[Path]]]:
    rule = ""
    for line in chain(*(Path(f).read_text(errors="replace").splitlines() for f in snakemake_logs)):
        if match := ERROR.match(line):
            rule = match[1]
        elif rule and (match := LOGS.match(line)):
            yield rule, [Path(name) for name in match[1].split(", ")]
            rule = ""


def end_of(path: Path) -> list[str]:
    """The last lines of a log, without overwritten states of progress bars."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        return [f"({error.strerror})"]
    lines = [line.split("\r")[-1].rstrip()[:MAX_WIDTH] for line in lines]
    return [line for line in lines if line][-LINES:] or ["(empty)"]
