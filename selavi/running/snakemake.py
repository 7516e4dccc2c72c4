"""Run Snakemake, and show its events and the progress of its jobs."""

import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import psutil
from rich.console import Console

from selavi.cluster.failures import end_of
from selavi.engine.stop import SIGNALS
from selavi.files import UserError
from selavi.progress import MARK, PIPE, duration, pipe_name
from selavi.running import folder as folders
from selavi.running.board import Board, Job
from selavi.running.pipes import Lines, parse_facts
from selavi.running.screen import Screen
from selavi.running.workflow_files import shipped

INTERRUPTED = 130
INTERRUPT_SECONDS = 5.0  # in which Snakemake reports a Ctrl-C that reached it, too
STOPPING = "Terminating processes on user"  # how it reports that
HIDDEN_MESSAGES = (  # of failed jobs, whose logs say more, and of a stop
    "CalledProcessError in file",
    "SpawnedJobError",
    "Exiting because a job",
    "At least one job did not",
    STOPPING,
)
PLACES = re.compile(
    r'^(WorkflowError in file .*|  File ".*", line \d+, in <module>)\n?', re.MULTILINE
)
"""Where a rule file found a mistake of the configuration: the mistake is what helps."""


class Run:
    """One call of Snakemake.

    Parameters
    ----------
    console : Console
        Where it is shown.

    Attributes
    ----------
    board : Board
        The state of the run.
    nothing : bool
        Whether all results were up to date.
    directory : Path
        Where Snakemake works.
    """

    def __init__(self, console: Console) -> None:
        self.board = Board()
        self.screen = Screen(self.board, console)
        self.signals: list[int] = []
        self.stopping = False  # whether Snakemake knows that it is to stop
        self.pass_on_at = math.inf  # when to pass a stop request on to Snakemake
        self.nothing = False
        self.directory = Path()

    def __call__(self, arguments: Sequence[str], directory: Path) -> int:
        """Run `snakemake ARGUMENTS` in a folder and show it.

        Returns
        -------
        int
            Snakemake's exit status, or 130 if stopped on request.

        Raises
        ------
        UserError
            If there is no workflow, or Snakemake is already running in the folder.
        """
        plugins = shipped("workflow/plugins")
        self.directory = directory
        with folders.hold(directory):
            if folders.clear(directory):
                self._unlock(arguments)
            earlier = {number: signal.signal(number, self._handle) for number in SIGNALS}
            try:
                return self._watch(arguments, directory, plugins)
            finally:
                for number, handler in earlier.items():
                    signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(number)

    def _unlock(self, arguments: Sequence[str]) -> None:
        command = [*snakemake(), "--quiet", "all", "--unlock", *arguments]
        unlock = subprocess.run(command, capture_output=True, text=True, check=False)
        if unlock.returncode:
            raise UserError(f"snakemake --unlock failed:\n{unlock.stdout}{unlock.stderr}")

    def _watch(self, arguments: Sequence[str], directory: Path, plugins: Path) -> int:
        (output, output_in), (events, events_in) = os.pipe(), os.pipe()
        path = os.pathsep.join(filter(None, (str(plugins), os.environ.get("PYTHONPATH"))))
        environment = os.environ | {
            PIPE: pipe_name(output_in),
            "SELAVI_RUN_EVENTS": str(events_in),
            "PYTHONPATH": path,
            "PATH": path_for_jobs(),
            "PYTHONUNBUFFERED": "1",
        }
        process = subprocess.Popen(
            [*snakemake(), "--logger", "selavi", "--nocolor", *arguments],
            env=environment, stdout=output_in, stderr=output_in, pass_fds=[events_in],
        )  # fmt: skip
        for descriptor in (output_in, events_in):
            os.close(descriptor)
        try:
            with self.screen, Lines({output: self._line, events: self._event}) as lines:
                self._listen(process, lines)
        except BaseException:  # without a display, no job may continue unseen
            while process.poll() is None:
                self._stop(process)  # repeatedly, as a job may just be starting
                with suppress(subprocess.TimeoutExpired):
                    process.wait(INTERRUPT_SECONDS)
            raise
        if process.returncode < 0:  # killed, without a word to its jobs
            folders.end(folders.orphaned_jobs(directory))
        return self._conclude(process.returncode)

    def _listen(self, process: "subprocess.Popen[bytes]", lines: "Lines") -> None:
        """Show events and output until Snakemake ends; pass on requests to stop."""
        handled = 0
        while process.poll() is None:
            lines.read(0.25)
            self.screen.tick()
            for number in self.signals[handled:]:
                self._request_stop(number)
            handled = len(self.signals)
            if time.monotonic() >= self.pass_on_at:
                self.pass_on_at = math.inf
                self._stop(process)
        lines.read(0.1)

    def _request_stop(self, number: int) -> None:
        """Pass a signal on to Snakemake, at once or if it does not get it from the terminal."""
        self.screen.activity = "stopping"
        self.screen.print("stopping: running jobs write checkpoints if they can be resumed")
        if number != signal.SIGINT:
            self.pass_on_at = time.monotonic()
        elif not self.stopping:  # a terminal sends Ctrl-C to Snakemake, too; `kill -INT` does not
            self.pass_on_at = min(self.pass_on_at, time.monotonic() + INTERRUPT_SECONDS)

    def _stop(self, process: "subprocess.Popen[bytes]") -> None:
        """Ask jobs to write checkpoints and end, and Snakemake to start no more."""
        if process.poll() is not None:
            return
        folders.ask(folders.jobs_below(psutil.Process(process.pid)))
        if not self.stopping:  # after a second interrupt Snakemake would not wait for its jobs
            process.send_signal(signal.SIGINT)
            self.stopping = True

    def _conclude(self, status: int) -> int:
        show, elapsed = self.screen.print, duration(self.board.seconds())
        if self.signals:
            show("stopped; run the same command to resume", "yellow")
            return INTERRUPTED
        if status < 0:
            name = signal.Signals(-status).name
            show(f"Snakemake was ended by {name}; run the same command to resume", "bold red")
            return 128 - status
        if failures := len(self.board.failed):
            jobs = "1 job" if failures == 1 else f"{failures} jobs"
            show(
                f"{jobs} failed after {elapsed}. Fix the errors above and run the same command "
                "again: finished results are kept.",
                "bold red",
            )
        elif self.nothing:
            show("nothing to do: all results exist and are up to date", "green")
        elif not status and self.board.stages:
            show(f"✓ all {len(self.board.stages)} stages done in {elapsed}", "bold green")
        return status

    def _line(self, line: str) -> None:
        """Handle a line of output: JSON of a job, or text to show."""
        line, mark, message = line.partition(MARK)
        if line.strip() and not line.startswith("Using profile "):
            self.screen.print(line)
        if not mark:
            return
        facts = parse_facts(message, "log")
        if not facts:
            self.screen.print(message)
            return
        job = self.board.job_of(facts["log"])
        if "expected" in facts:
            self.board.expected = facts["expected"]
        elif "total" in facts and job:
            job.update(facts["done"], facts["total"], facts["what"])
        elif facts.get("error") and job:
            job.errors += facts["message"].splitlines()
        elif facts.get("notice") or facts.get("error"):
            name = f"{_name(job)}: " if job else ""
            self.screen.print(f"  {name}{facts['message']}")

    def _event(self, line: str) -> None:
        """Handle an event of Snakemake."""
        facts = parse_facts(line, "message", "level")
        if not facts:
            self.screen.print(line)
            return
        board, screen = self.board, self.screen
        match facts.get("event"):
            case "run_info":
                board.plan(facts["stats"])
            case "job_info":
                if facts["jobid"] in board.failed:
                    screen.print(f"  {facts['rule_name'].replace('_', '-')}: retrying")
                board.start(facts["jobid"], facts)
            case "job_finished":
                if stage := board.finish(facts["job_id"]):
                    screen.stage_finished(stage)
            case "job_error":
                self._job_failed(facts)
            case _ if facts["message"].startswith(STOPPING):
                self.stopping, self.pass_on_at = True, math.inf
            case _ if facts["level"] in ("ERROR", "CRITICAL", "WARNING"):
                if not any(hidden in facts["message"] for hidden in HIDDEN_MESSAGES):
                    screen.print(PLACES.sub("", facts["message"]).strip("\n"))
            case _ if facts["message"].startswith("Nothing to be done"):
                self.nothing = True

    def _job_failed(self, facts: dict[str, Any]) -> None:
        failure = self.board.fail(facts["jobid"])
        if failure is None or self.signals:
            return
        job, stage = failure
        logs = [self.directory / path for path in facts["log"]]
        lines = [job.errors or end_of(path) for path in logs]
        self.screen.job_failed(_name(job), logs, lines)
        if stage and stage.finished:
            self.screen.stage_finished(stage)


def _name(job: Job) -> str:
    """A job's command and wildcards."""
    return f"{job.rule.replace('_', '-')} {job.target}".strip()


def become_snakemake(arguments: Sequence[str]) -> NoReturn:
    """Replace this process by Snakemake, for calls that run no job."""
    os.environ["PATH"] = path_for_jobs()
    os.environ.pop(PIPE, None)
    command = [*snakemake(), *arguments]
    os.execv(command[0], command)


def path_for_jobs() -> str:
    """A PATH on which jobs find this environment's commands first."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


def snakemake() -> list[str]:
    """Command of this environment's Snakemake, whatever the PATH."""
    return [sys.executable, "-m", "snakemake"]
