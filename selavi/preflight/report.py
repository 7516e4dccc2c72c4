"""Tables of checks and of costs on the terminal."""

import sys
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from selavi.estimates.cost import Cost
from selavi.preflight.checks import Finding
from selavi.progress import duration

MARKS = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: "[yellow]![/]"}


def _console() -> Console:
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 100)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)


def print_findings(findings: Iterable[Finding]) -> bool:
    """Print findings as a table; return whether no problem was found."""
    console, sound = _console(), True
    rows = []
    for finding in findings:
        rows.append(finding)
        sound &= finding.good is not False
    table = _table("selavi doctor")
    table.add_column("")
    table.add_column("check", no_wrap=True)
    table.add_column("found, and what to do", overflow="fold")
    for finding in rows:
        table.add_row(MARKS[finding.good], finding.what, finding.words)
    console.print(table)
    wrong = sum(f.good is False for f in rows)
    console.print(f"{wrong} problem{'s' * (wrong > 1)} found (✗)" if wrong else "all checks passed")
    return sound


def print_costs(costs: list[Cost], where: str) -> None:
    """Print costs and their sums.

    Parameters
    ----------
    costs : list of Cost
        The rows of the table.
    where : str
        Name of the machine that was measured.
    """
    table = _table(f"estimate, from rates measured here ({where})")
    table.add_column("dataset or run")
    table.add_column("stage")
    for head in ("CPU time", "GPU time", "disk"):
        table.add_column(head, justify="right")
    for cost in costs:
        table.add_row(cost.what, cost.stage, *_numbers(cost.cpu_hours, cost.gpu_hours, cost.stored))
    sums = [sum(getattr(c, n) for c in costs) for n in ("cpu_hours", "gpu_hours", "stored")]
    table.add_section()
    table.add_row("all", "", *_numbers(*sums), style="bold")
    _console().print(table)


def _numbers(cpu: float, gpu: float, stored: float) -> list[str]:
    return [_time(cpu), _time(gpu) if gpu else "-", _size(stored)]


def _time(hours: float) -> str:
    """Seconds or minutes of a small project, hours of a large one."""
    if hours < 0.1:
        return duration(3600 * hours)
    return f"{hours:,.1f} h" if hours < 100 else f"{hours:,.0f} h"


def _size(size: float) -> str:
    """Bytes in the largest unit of which there is one."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size / 1e3:,.0f} kB"
