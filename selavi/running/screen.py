"""Display of a run: a live area on a terminal, a line every half minute elsewhere."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from selavi.progress import duration
from selavi.running.board import Board, Stage

INTERVAL_SECONDS = 30.0  # between progress lines where nothing can be redrawn
LONG_SECONDS = 3.0  # stages that are over sooner are not announced


class LastingConsole(Console):
    """A console that survives the end of its reader, where rich would end the process."""

    def on_broken_pipe(self) -> None:
        """Write nothing more."""
        self.quiet = True
        with Path(os.devnull).open("wb") as devnull:
            # Python flushes the stream at exit, which would fail.
            os.dup2(devnull.fileno(), self.file.fileno())


class Screen:
    """Prints events; as a context manager, shows the running stages below them on a terminal."""

    def __init__(self, board: Board, console: Console) -> None:
        self.board, self.console = board, console
        self.can_redraw = console.is_terminal and not console.is_dumb_terminal
        self.spinner = Spinner("dots", style="cyan")
        self.last_line = time.monotonic()
        self.activity = "planning"
        self.live = Live(
            console=console, get_renderable=self._area, refresh_per_second=4, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip

    def __enter__(self) -> "Screen":
        if self.can_redraw:
            self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.can_redraw:
            with suppress(OSError):
                self.live.stop()

    def print(self, text: str | Text, style: str = "") -> None:
        """Print one line."""
        line = Text(text, style) if isinstance(text, str) else text
        with suppress(OSError):  # the terminal is closed: jobs must still be stopped
            self.console.print(line, soft_wrap=True)

    def stage_finished(self, stage: Stage) -> None:
        """Report a stage whose jobs have all succeeded or failed."""
        jobs = f"{stage.succeeded} of {stage.total}" if stage.total > 1 else "done"
        mark, style = ("✗", "red") if stage.failed else ("✓", "green")
        line = Text.assemble(
            (f"{mark} ", style), (self._number(stage), "dim"), f" {stage.name:<14} {jobs:<10} ",
            (duration(stage.seconds()), "dim"),
        )  # fmt: skip
        self.print(line)

    def job_failed(self, name: str, logs: Sequence[Path], lines: Sequence[Sequence[str]]) -> None:
        """Report a failed job with some lines per log: its errors, or the end of the log."""
        self.print(f"✗ {name} failed", "bold red")
        for path, log_lines in zip(logs, lines, strict=True):
            self.print(f"  log: {path}")
            for line in log_lines:
                self.print(f"    │ {line}")

    def tick(self) -> None:
        """Print what runs, and every `INTERVAL_SECONDS` how far, unless the live area shows it."""
        if self.can_redraw:
            return
        for stage, _ in self.board.running():
            if not stage.announced and stage.seconds() > LONG_SECONDS:
                stage.announced = True
                number = f", {stage.total} jobs" if stage.total > 1 else ""
                self.print(f"  {self._number(stage)} {stage.name}{number} ...")
        if time.monotonic() < self.last_line + INTERVAL_SECONDS:
            return
        self.last_line = time.monotonic()
        self.print(f"  {self._overall()}")
        for stage, jobs in self.board.running():
            fraction = self.board.fraction(stage, jobs)
            remaining = self.board.remaining(stage, jobs)
            label = self.board.label(stage, jobs)
            facts = [f"    {self._number(stage)} {stage.name}: {fraction:.0%}", label]
            facts.append(f"about {duration(remaining)} left" if remaining else "")
            self.print(", ".join(fact for fact in facts if fact))

    def _number(self, stage: Stage) -> str:
        most = str(len(self.board.stages))
        return f"[{stage.number:>{len(most)}}/{most}]"

    def _overall(self) -> str:
        """How much of everything is done, since when, and how long the rest takes."""
        board = self.board
        if not board.stages:
            return f"{self.activity}, {duration(board.seconds())}"
        finished, left = sum(s.finished for s in board.stages.values()), board.time_left()
        facts = [f"all: {board.share_done():.0%}", f"{finished} of {len(board.stages)} stages done"]
        facts.append(f"{duration(board.seconds())} so far")
        facts.append(f"about {duration(left)} left" if left else "")
        return ", ".join(fact for fact in facts if fact)

    def _area(self) -> Group:
        """The live area: running stages, and how many of all are finished."""
        board = self.board
        table = Table.grid(padding=(0, 1))
        for _ in range(2):
            table.add_column(no_wrap=True)
        table.add_column(width=24)
        table.add_column(justify="right", width=4)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for stage, jobs in board.running():
            fraction, remaining = board.fraction(stage, jobs), board.remaining(stage, jobs)
            facts = [board.label(stage, jobs), f"{duration(remaining)} left" if remaining else ""]
            table.add_row(
                Text.assemble("  ", (self._number(stage), "dim")),
                f"{stage.name:<14}",
                ProgressBar(total=1.0, completed=fraction, width=24, pulse=fraction == 0),
                f"{fraction:.0%}" if fraction else "",
                Text(", ".join(fact for fact in facts if fact), "dim"),
            )
        self.spinner.update(text=Text(self._overall()))
        return Group(table, self.spinner)
