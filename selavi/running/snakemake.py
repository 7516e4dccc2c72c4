"""Start Snakemake, listen to it and its jobs, and tell a person."""

import json
import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
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
from selavi.running.board import Board
from selavi.running.screen import Screen

PLUGINS = Path("workflow/plugins")
INTERRUPTED = 130
INTERRUPT_SECONDS = 5.0  # in which Snakemake says that a Ctrl-C has reached it as well
STOPS = "Terminating processes on user"  # how it says so
UNTOLD = (  # what Snakemake says of a job that failed, whose log says more, and of a stop
    "CalledProcessError in file",
    "SpawnedJobError",
    "Exiting because a job",
    "At least one job did not",
    STOPS,
)


class Run:
    """One call of Snakemake."""

    def __init__(self, console: Console) -> None:
        self.board = Board()
        self.screen = Screen(self.board, console)
        self.asked: list[int] = []
        self.stops = False  # whether Snakemake does
        self.pass_on_at = math.inf  # when to tell Snakemake that it is to stop
        self.nothing = False

    def __call__(self, arguments: Sequence[str], directory: Path) -> int:
        """Run `snakemake ARGUMENTS` and show it; its exit status, or 130 if asked to stop."""
        plugins = find_workflow()
        with folders.hold(directory):
            if folders.clear(directory):
                self._unlock(arguments)
            earlier = {number: signal.signal(number, self._hear) for number in SIGNALS}
            try:
                return self._watch(arguments, directory, plugins)
            finally:
                for number, handler in earlier.items():
                    signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.asked.append(number)

    def _unlock(self, arguments: Sequence[str]) -> None:
        words = [*snakemake(), "--quiet", "all", "--unlock", *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"snakemake --unlock failed:\n{done.stdout}{done.stderr}")

    def _watch(self, arguments: Sequence[str], directory: Path, plugins: Path) -> int:
        (words, words_in), (events, events_in) = os.pipe(), os.pipe()
        path = os.pathsep.join(filter(None, (str(plugins), os.environ.get("PYTHONPATH"))))
        told = {
            PIPE: pipe_name(words_in),
            "SELAVI_RUN_EVENTS": str(events_in),
            "PYTHONPATH": path,
            "PATH": path_for_jobs(),
            "PYTHONUNBUFFERED": "1",
        }
        process = subprocess.Popen(
            [*snakemake(), "--logger", "selavi", "--nocolor", *arguments],
            env=os.environ | told, stdout=words_in, stderr=words_in, pass_fds=[events_in],
        )  # fmt: skip
        for descriptor in (words_in, events_in):
            os.close(descriptor)
        try:
            with self.screen, Lines({words: self._line, events: self._event}) as lines:
                self._listen(process, lines)
        except BaseException:  # nobody would see what goes on
            while process.poll() is None:
                self._stop(process)  # again, since a job may just begin
                with suppress(subprocess.TimeoutExpired):
                    process.wait(INTERRUPT_SECONDS)
            raise
        if process.returncode < 0:  # killed: its jobs know nothing of it
            folders.end(folders.left_behind(directory))
        return self._conclude(process.returncode)

    def _listen(self, process: "subprocess.Popen[bytes]", lines: "Lines") -> None:
        """Show what Snakemake and its jobs tell, and pass on that they are to stop."""
        heard = 0
        while process.poll() is None:
            lines.read(0.25)
            self.screen.tick()
            for number in self.asked[heard:]:
                self._hears_stop(number)
            heard = len(self.asked)
            if time.monotonic() >= self.pass_on_at:
                self.pass_on_at = math.inf
                self._stop(process)
        lines.read(0.1)

    def _hears_stop(self, number: int) -> None:
        """Ctrl-C goes to every process of the terminal by itself; other signals only to us."""
        self.screen.doing = "stopping"
        self.screen.say("stopping: jobs that can go on later save what they have")
        if number != signal.SIGINT:
            self.pass_on_at = time.monotonic()
        elif not self.stops:  # it may be only ours, too
            self.pass_on_at = min(self.pass_on_at, time.monotonic() + INTERRUPT_SECONDS)

    def _stop(self, process: "subprocess.Popen[bytes]") -> None:
        """Ask jobs to save and end, and Snakemake to start no other."""
        if process.poll() is not None:
            return
        folders.ask(folders.jobs_below(psutil.Process(process.pid)))
        if not self.stops:  # a second interrupt would end its wait for jobs
            process.send_signal(signal.SIGINT)
            self.stops = True

    def _conclude(self, status: int) -> int:
        say, passed = self.screen.say, duration(self.board.seconds())
        if self.asked:
            say("stopped; run the same command to resume", "yellow")
            return INTERRUPTED
        if status < 0:
            name = signal.Signals(-status).name
            say(f"Snakemake was ended by {name}; run the same command to resume", "bold red")
            return 128 - status
        if failures := len(self.board.failed):
            jobs = "1 job" if failures == 1 else f"{failures} jobs"
            say(
                f"{jobs} failed after {passed}. Mend what the lines above say and give the same "
                "command again: what is finished is kept.",
                "bold red",
            )
        elif self.nothing:
            say("nothing to be done: every result is there and up to date", "green")
        elif not status and self.board.stages:
            say(f"✓ all {len(self.board.stages)} stages done in {passed}", "bold green")
        return status

    def _line(self, line: str) -> None:
        """A line of the output: of a job for us, or of anybody for the person."""
        line, mark, told = line.partition(MARK)
        if line.strip() and not line.startswith("Using profile "):
            self.screen.say(line)
        if not mark:
            return
        facts = facts_of(told, "log")
        if not facts:
            self.screen.say(told)
            return
        job = self.board.job_of(facts["log"])
        if "total" in facts and job:
            job.take(facts["done"], facts["total"], facts["what"])
        elif facts.get("error") and job:
            job.errors += facts["message"].splitlines()
        elif facts.get("notice") or facts.get("error"):
            where = f"{job.rule.replace('_', '-')} {job.place}: ".replace(" :", ":") if job else ""
            self.screen.say(f"  {where}{facts['message']}")

    def _event(self, line: str) -> None:
        facts = facts_of(line, "message", "level")
        if not facts:
            self.screen.say(line)
            return
        board, screen = self.board, self.screen
        match facts.get("event"):
            case "run_info":
                board.plan(facts["stats"])
            case "job_info":
                if facts["jobid"] in board.failed:
                    screen.say(f"  {facts['rule_name'].replace('_', '-')}: tried again")
                if stage := board.start(facts["jobid"], facts):
                    screen.began(stage)
            case "job_finished":
                if stage := board.finish(facts["job_id"]):
                    screen.ended(stage)
            case "job_error":
                self._failed(facts)
            case _ if facts["message"].startswith(STOPS):
                self.stops, self.pass_on_at = True, math.inf
            case _ if facts["level"] in ("ERROR", "CRITICAL", "WARNING"):
                if not any(words in facts["message"] for words in UNTOLD):
                    screen.say(facts["message"])
            case _ if facts["message"].startswith("Nothing to be done"):
                self.nothing = True

    def _failed(self, facts: dict[str, Any]) -> None:
        known = self.board.fail(facts["jobid"])
        if known is None or self.asked:
            return
        job, stage = known
        logs = [Path(name) for name in facts["log"]]
        what = f"{job.rule.replace('_', '-')} {job.place}".strip()
        self.screen.failed(what, logs, [job.errors or end_of(path) for path in logs])
        if stage and stage.over:
            self.screen.ended(stage)


class Lines:
    """Whole lines of several pipes, each for a function of its own."""

    def __init__(self, readers: dict[int, Callable[[str], None]]) -> None:
        self.readers = readers
        self.rests = dict.fromkeys(readers, b"")
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> "Lines":
        for descriptor in self.readers:
            os.set_blocking(descriptor, False)
            self.selector.register(descriptor, selectors.EVENT_READ)
        return self

    def __exit__(self, *error: object) -> None:
        self.selector.close()
        for descriptor in self.readers:
            os.close(descriptor)
        if error == (None, None, None):
            for descriptor, rest in self.rests.items():
                if rest:
                    self.readers[descriptor](rest.decode(errors="replace"))

    def read(self, seconds: float) -> None:
        """Read what comes in this time at most, and all that is there by then."""
        while ready := self.selector.select(seconds):
            seconds = 0.0
            for key, _ in ready:
                descriptor = key.fd
                more = os.read(descriptor, 1 << 16)
                if not more:
                    self.selector.unregister(descriptor)
                *whole, self.rests[descriptor] = (self.rests[descriptor] + more).split(b"\n")
                for line in whole:
                    self.readers[descriptor](line.decode(errors="replace"))


def facts_of(line: str, *keys: str) -> dict[str, Any]:
    """What a line of JSON tells; nothing if it lacks these keys or is torn."""
    with suppress(ValueError):
        facts = json.loads(line)
        if isinstance(facts, dict) and facts.keys() >= set(keys):
            return facts
    return {}


def become_snakemake(arguments: Sequence[str]) -> NoReturn:
    """Let Snakemake itself take this process's place, for calls that run nothing."""
    find_workflow()
    os.environ["PATH"] = path_for_jobs()
    os.environ.pop(PIPE, None)
    words = [*snakemake(), *arguments]
    os.execv(words[0], words)


def find_workflow() -> Path:
    """Where the workflow's plugins lie. Raises UserError if there is no workflow here."""
    if not PLUGINS.is_dir() or not Path("Snakefile").is_file():
        raise UserError(f"there is no workflow in {Path.cwd()}; go to the repository first")
    return PLUGINS.absolute()


def path_for_jobs() -> str:
    """The PATH on which jobs find this environment's commands first."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


def snakemake() -> list[str]:
    """The Snakemake of this very environment, whatever the PATH says."""
    return [sys.executable, "-m", "snakemake"]
