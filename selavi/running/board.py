"""What is known of a run while Snakemake works: stages, their jobs, and how far each has come."""

import time
from dataclasses import dataclass, field
from typing import Any

HIDDEN = ("_settings", "_all")  # ends of the names of rules that nobody waits for


@dataclass
class Job:
    """A job that runs: where its log is, the share of its work that it says is done, errors."""

    rule: str
    place: str
    log: list[str]
    began: float = field(default_factory=lambda: time.monotonic())
    share: float = 0.0
    what: str = ""
    errors: list[str] = field(default_factory=list)
    first: tuple[float, float] | None = None  # when it first told of a share, and the share

    def take(self, done: float, total: float, what: str) -> None:
        """Take in how far it has come. A bar of another kind starts from its own share."""
        share = min(1.0, done / total)
        if self.first is None or share < self.share:
            self.first = (time.monotonic(), share)
        self.share, self.what = share, what

    def left(self) -> float | None:
        """Seconds that its bar will take; None as long as nobody can tell."""
        if self.first is None or self.share <= self.first[1]:
            return None
        passed = time.monotonic() - self.first[0]
        return passed / (self.share - self.first[1]) * (1 - self.share) if passed > 2 else None


@dataclass
class Stage:
    """A rule's jobs of this run."""

    number: int
    rule: str
    total: int
    done: int = 0
    failed: int = 0
    began: float | None = None

    @property
    def name(self) -> str:
        """As the command of the package is called."""
        return self.rule.replace("_", "-")

    @property
    def over(self) -> bool:
        """Whether every job has ended."""
        return self.done + self.failed >= self.total

    def seconds(self) -> float:
        """Since its first job began."""
        return time.monotonic() - self.began if self.began else 0.0


class Board:
    """The stages of the plan, in the order in which data flows, and the jobs that run."""

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.jobs: dict[int, Job] = {}
        self.failed: set[int] = set()  # jobs whose last attempt has failed
        self.began = time.monotonic()
        self.whole = False  # whether the plan is of everything that is configured

    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self.began

    def plan(self, stats: dict[str, int]) -> None:
        """Take in how many jobs each rule has; `stats` lists rules in the order of the plan."""
        rules = [r for r in stats if r not in ("all", "total") and not r.endswith(HIDDEN)]
        self.whole = "all" in stats
        self.stages = {rule: Stage(n, rule, stats[rule]) for n, rule in enumerate(rules, start=1)}

    def start(self, number: int, facts: dict[str, Any]) -> Stage | None:
        """A job begins, perhaps once more; the stage if it is its first one."""
        place = "/".join(str(value) for value in (facts.get("wildcards") or {}).values())
        job = Job(facts["rule_name"], place, list(facts.get("log") or []))
        self.jobs[number] = job
        stage = self.stages.get(job.rule)
        again = number in self.failed
        self.failed.discard(number)
        if stage and again:
            stage.failed -= 1
        if stage is None or stage.began is not None:
            return None
        stage.began = job.began
        return stage

    def finish(self, number: int) -> Stage | None:
        """A job has ended well; the stage if that was its last one."""
        job = self.jobs.pop(number, None)
        stage = self.stages.get(job.rule) if job else None
        if stage is None:
            return None
        stage.done += 1
        return stage if stage.over else None

    def fail(self, number: int) -> tuple[Job, Stage | None] | None:
        """A job has failed; None if that is known."""
        job = self.jobs.pop(number, None)
        if job is None:
            return None
        self.failed.add(number)
        stage = self.stages.get(job.rule)
        if stage:
            stage.failed += 1
        return job, stage

    def job_of(self, log: str) -> Job | None:
        """The running job with this log."""
        return next((job for job in self.jobs.values() if log in job.log), None)

    def at_work(self) -> list[tuple[Stage, list[Job]]]:
        """Stages that have running jobs, with these."""
        pairs = [
            (stage, [job for job in self.jobs.values() if job.rule == stage.rule])
            for stage in self.stages.values()
        ]
        return [(stage, jobs) for stage, jobs in pairs if jobs]

    def share(self, stage: Stage, jobs: list[Job]) -> float:
        """The share of a stage that is done."""
        return (stage.done + stage.failed + sum(job.share for job in jobs)) / max(1, stage.total)

    def left(self, stage: Stage, jobs: list[Job]) -> float | None:
        """Seconds that a stage will take; None as long as nobody can tell."""
        if stage.total == 1:
            return jobs[0].left()
        share, passed = self.share(stage, jobs), stage.seconds()
        return passed / share * (1 - share) if share > 0.02 and passed > 2 else None

    def label(self, stage: Stage, jobs: list[Job]) -> str:
        """What a stage does now, in words."""
        if stage.total > 1:
            return f"{stage.done + stage.failed} of {stage.total} done"
        return f"{jobs[0].place} {jobs[0].what}".strip()
