"""The state of a run while Snakemake works: stages, their jobs, and the progress of each."""

import time
from dataclasses import dataclass, field
from typing import Any

HIDDEN = ("_settings", "_machine", "_all")  # suffixes of rules that take no time
JOB_SECONDS = 3.0  # of a job that nothing is known of: it starts Python, reads and writes
SLOWER, FASTER = 5.0, 0.5  # bounds of how far stages that are done correct what is expected


@dataclass
class Job:
    """A running job.

    Attributes
    ----------
    rule : str
        Its rule.
    target : str
        Its wildcards, such as "demo/train/0".
    log : list of str
        Its log files.
    started : float
        When it started, on the monotonic clock.
    fraction : float
        Progress of its current bar, 0 to 1.
    activity : str
        Title of its current bar.
    errors : list of str
        Error messages.
    first : tuple of float and float or None
        Time and fraction of the bar's first report.
    """

    rule: str
    target: str
    log: list[str]
    started: float = field(default_factory=lambda: time.monotonic())
    fraction: float = 0.0
    activity: str = ""
    errors: list[str] = field(default_factory=list)
    first: tuple[float, float] | None = None

    def update(self, done: float, total: float, activity: str) -> None:
        """Set the progress; if it goes back, a new bar has begun."""
        fraction = min(1.0, done / total)
        if self.first is None or fraction < self.fraction:
            self.first = (time.monotonic(), fraction)
        self.fraction, self.activity = fraction, activity

    def remaining(self) -> float | None:
        """Seconds until the bar is full, None if unknown."""
        if self.first is None or self.fraction <= self.first[1]:
            return None
        elapsed = time.monotonic() - self.first[0]
        speed = (self.fraction - self.first[1]) / elapsed if elapsed else 0.0
        return (1 - self.fraction) / speed if elapsed > 2 else None


@dataclass
class Stage:
    """The jobs of one rule in this run.

    Attributes
    ----------
    number : int
        Position in the plan, from 1.
    rule : str
        The rule.
    total : int
        Number of jobs.
    succeeded : int
        Jobs that succeeded.
    failed : int
        Jobs whose last attempt failed.
    started : float or None
        When the first job started, on the monotonic clock.
    took : float or None
        Seconds from then to the end of the last job.
    announced : bool
        Whether its start has been printed.
    """

    number: int
    rule: str
    total: int
    succeeded: int = 0
    failed: int = 0
    started: float | None = None
    took: float | None = None
    announced: bool = False

    @property
    def name(self) -> str:
        """Name of the package's command."""
        return self.rule.replace("_", "-")

    @property
    def finished(self) -> bool:
        """Whether every job has succeeded or failed."""
        return self.succeeded + self.failed >= self.total

    def seconds(self) -> float:
        """Seconds since the first job started."""
        return time.monotonic() - self.started if self.started else 0.0


class Board:
    """The stages of the plan, in the order of the data flow, and the running jobs."""

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.jobs: dict[int, Job] = {}
        self.failed: set[int] = set()  # jobs whose last attempt failed
        self.started = time.monotonic()
        self.complete = False  # whether the target is everything configured
        self.most_done = 0.0  # largest share of the jobs so far
        self.expected: dict[str, float] = {}  # seconds by stage, from rates of this machine

    def seconds(self) -> float:
        """Seconds since the run started."""
        return time.monotonic() - self.started

    def plan(self, stats: dict[str, int]) -> None:
        """Set the number of jobs per rule; `stats` lists rules in the order of the plan."""
        rules = [r for r in stats if r not in ("all", "total") and not r.endswith(HIDDEN)]
        self.complete = "all" in stats
        self.stages = {rule: Stage(n, rule, stats[rule]) for n, rule in enumerate(rules, start=1)}

    def start(self, number: int, facts: dict[str, Any]) -> None:
        """Record that a job starts or is retried."""
        target = "/".join(str(value) for value in (facts.get("wildcards") or {}).values())
        job = Job(facts["rule_name"], target, list(facts.get("log") or []))
        self.jobs[number] = job
        stage = self.stages.get(job.rule)
        retried = number in self.failed
        self.failed.discard(number)
        if stage and retried:
            stage.failed -= 1
        if stage and stage.started is None:
            stage.started = job.started

    def finish(self, number: int) -> Stage | None:
        """Record that a job succeeded; return its stage if that is finished, too."""
        job = self.jobs.pop(number, None)
        stage = self.stages.get(job.rule) if job else None
        if stage is None:
            return None
        stage.succeeded += 1
        if stage.finished:
            stage.took = stage.seconds()
        return stage if stage.finished else None

    def fail(self, number: int) -> tuple[Job, Stage | None] | None:
        """Record that a job failed; return it with its stage, None if it was recorded before."""
        job = self.jobs.pop(number, None)
        if job is None:
            return None
        self.failed.add(number)
        stage = self.stages.get(job.rule)
        if stage:
            stage.failed += 1
        return job, stage

    def job_of(self, log: str) -> Job | None:
        """The running job with this log file."""
        return next((job for job in self.jobs.values() if log in job.log), None)

    def running(self) -> list[tuple[Stage, list[Job]]]:
        """Stages that have running jobs, with these jobs."""
        pairs = [
            (stage, [job for job in self.jobs.values() if job.rule == stage.rule])
            for stage in self.stages.values()
        ]
        return [(stage, jobs) for stage, jobs in pairs if jobs]

    def fraction(self, stage: Stage, jobs: list[Job]) -> float:
        """Progress of a stage with these running jobs, 0 to 1."""
        ended = stage.succeeded + stage.failed
        return (ended + sum(job.fraction for job in jobs)) / max(1, stage.total)

    def remaining(self, stage: Stage, jobs: list[Job]) -> float | None:
        """Seconds until a stage is finished, None if unknown."""
        if stage.total == 1:
            return jobs[0].remaining()
        fraction, elapsed = self.fraction(stage, jobs), stage.seconds()
        return elapsed / fraction * (1 - fraction) if fraction > 0.02 and elapsed > 2 else None

    def time_left(self) -> float | None:
        """Seconds until all stages are finished, None if unknown."""
        running = {stage.rule: jobs for stage, jobs in self.running()}
        lefts, later, took, should = [0.0], 0.0, 0.0, 0.0
        for stage in self.stages.values():
            known = self.expected.get(stage.name, 0.0) + JOB_SECONDS * stage.total
            if stage.took is not None:
                if stage.name in self.expected:
                    took, should = took + stage.took, should + known
            elif jobs := running.get(stage.rule):
                left = self.remaining(stage, jobs)
                lefts.append(max(0.0, known - stage.seconds()) if left is None else left)
            else:
                later += known * (1 - self.fraction(stage, []))
        pace = min(SLOWER, max(FASTER, took / should)) if should else 1.0
        return max(lefts) + pace * later if self.expected else None

    def share_done(self) -> float:
        """Share of the work that is done, 0 to 1: of the time if it is known, else of the jobs."""
        left = self.time_left()
        if left is not None:
            return self.seconds() / max(1e-9, self.seconds() + left)
        running = {stage.rule: jobs for stage, jobs in self.running()}
        stages = self.stages.values()
        done = sum(s.total * self.fraction(s, running.get(s.rule, [])) for s in stages)
        # Some jobs show one bar after another: the share does not go back with them.
        self.most_done = max(self.most_done, done / max(1, sum(stage.total for stage in stages)))
        return self.most_done

    def label(self, stage: Stage, jobs: list[Job]) -> str:
        """What a stage does now."""
        if stage.total > 1:
            return f"{stage.succeeded + stage.failed} of {stage.total} done"
        return f"{jobs[0].target} {jobs[0].activity}".strip()
