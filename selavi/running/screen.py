"""A run on the screen: a live area on a terminal, a line now and then elsewhere."""

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

EVERY_SECONDS = 30.0  # between two lines about the same stages where nothing can be redrawn


class LastingConsole(Console):
    """A console whose reader may go away: rich would end the process."""

    def on_broken_pipe(self) -> None:
        """Say nothing more."""
        self.quiet = True
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), self.file.fileno())  # else the end of Python fails to flush


class Screen:
    """Says what happens on `console`; `with` it the board is shown below, where it can be."""

    def __init__(self, board: Board, console: Console) -> None:
        self.board, self.console = board, console
        self.can_redraw = console.is_terminal and not console.is_dumb_terminal
        self.spinner = Spinner("dots", style="cyan")
        self.told = time.monotonic()
        self.doing = "planning"
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

    def say(self, words: str | Text, style: str = "") -> None:
        """One line, as it is."""
        line = Text(words, style) if isinstance(words, str) else words
        with suppress(OSError):  # the terminal is gone: jobs are told so all the same
            self.console.print(line, soft_wrap=True)

    def began(self, stage: Stage) -> None:
        """A stage begins: on a terminal the live area shows it."""
        if not self.can_redraw:
            jobs = f", {stage.total} jobs" if stage.total > 1 else ""
            self.say(f"{self._number(stage)} {stage.name}{jobs}")

    def ended(self, stage: Stage) -> None:
        """All jobs of a stage have ended."""
        jobs = f"{stage.done} of {stage.total}" if stage.total > 1 else "done"
        mark, style = ("✗", "red") if stage.failed else ("✓", "green")
        line = Text.assemble(
            (f"{mark} ", style), (self._number(stage), "dim"), f" {stage.name:<14} {jobs:<10} ",
            (duration(stage.seconds()), "dim"),
        )  # fmt: skip
        self.say(line)

    def failed(self, what: str, logs: Sequence[Path], ends: Sequence[Sequence[str]]) -> None:
        """A job has failed: what it says of it, or how its logs end."""
        self.say(f"✗ {what} failed", "bold red")
        for path, lines in zip(logs, ends, strict=True):
            self.say(f"  its log is {path}:")
            for line in lines:
                self.say(f"    │ {line}")

    def tick(self) -> None:
        """Time passes: where nothing can be redrawn, say now and then how far it is."""
        if self.can_redraw or time.monotonic() < self.told + EVERY_SECONDS:
            return
        self.told = time.monotonic()
        for stage, jobs in self.board.at_work():
            share, left = self.board.share(stage, jobs), self.board.left(stage, jobs)
            words = f"{self._number(stage)} {stage.name}: {share:.0%}"
            label = self.board.label(stage, jobs)
            rest = f", about {duration(left)} left" if left else ""
            self.say(f"{words}{', ' if label else ''}{label}{rest}")

    def _number(self, stage: Stage) -> str:
        most = str(len(self.board.stages))
        return f"[{stage.number:>{len(most)}}/{most}]"

    def _area(self) -> Group:
        """The stages at work, and how far the whole is."""
        board = self.board
        table = Table.grid(padding=(0, 1))
        for _ in range(2):
            table.add_column(no_wrap=True)
        table.add_column(width=24)
        table.add_column(justify="right", width=4)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for stage, jobs in board.at_work():
            share, left = board.share(stage, jobs), board.left(stage, jobs)
            words = [board.label(stage, jobs), f"{duration(left)} left" if left else ""]
            table.add_row(
                Text.assemble("  ", (self._number(stage), "dim")),
                f"{stage.name:<14}",
                ProgressBar(total=1.0, completed=share, width=24, pulse=share == 0),
                f"{share:.0%}" if share else "",
                Text(", ".join(word for word in words if word), "dim"),
            )
        over = sum(stage.over for stage in board.stages.values())
        doing = f"{over} of {len(board.stages)} stages done" if board.stages else self.doing
        passed = duration(board.seconds())
        self.spinner.update(text=Text(f"{doing}, {passed}", "dim"))
        return Group(table, self.spinner)
