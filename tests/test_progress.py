"""What jobs tell `selavi run`, and that nobody else is told."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from select import PIPE_BUF
from typing import Any

import pytest

from selavi.progress import MARK, PIPE, Bar, bars_that_vanish, duration, pipe_name

JOB = """
import logging
from pathlib import Path
from selavi.logs import start_logging
from selavi.progress import NOTICE, Bar
start_logging(Path("logs/x.log"))
log = logging.getLogger("selavi")
log.info("for the log")
log.info("for all", extra=NOTICE)
log.warning("beware")
log.error("wrong")
log.info("é" * 5000 + " the end")
for _ in Bar(range(4), desc="videos"):
    pass
"""


def lines_of_a_job(folder: Path, pipe: int | None) -> list[str]:
    """What a job writes to a pipe, which `selavi run` reads or, without a name for it, others."""
    ours, theirs = os.pipe()
    name = {PIPE: pipe_name(theirs) if pipe is None else pipe_name(pipe)}
    subprocess.run(
        [sys.executable, "-c", JOB], cwd=folder, env=os.environ | name, stderr=theirs, check=True
    )
    os.close(theirs)
    with os.fdopen(ours) as file:
        return file.read().removesuffix("\n").split("\n")


def test_a_job_tells_its_bar_and_what_a_person_should_know(tmp_path: Path) -> None:
    lines = lines_of_a_job(tmp_path, None)
    assert all(line.startswith(MARK) for line in lines)
    facts = [json.loads(line.removeprefix(MARK)) for line in lines]
    assert {fact.pop("log") for fact in facts} == {"logs/x.log"}
    assert facts[:3] == [
        {"message": "for the log", "notice": False, "error": False},
        {"message": "for all", "notice": True, "error": False},
        {"message": "beware", "notice": True, "error": False},
    ]
    assert facts[3] == {"message": "wrong", "notice": False, "error": True}
    assert facts[4]["message"].endswith("éé the end")
    assert all(len(line.encode()) < PIPE_BUF for line in lines)
    assert facts[-1] == {"done": 4, "total": 4, "what": "videos"}
    written = (tmp_path / "logs/x.log").read_text()
    assert "for the log" in written


def test_elsewhere_a_job_writes_what_it_always_writes(tmp_path: Path) -> None:
    """As in a job of a cluster: the environment came along, the pipe did not."""
    with (tmp_path / "other").open("w") as other:
        lines = lines_of_a_job(tmp_path, other.fileno())
    assert lines[:4] == ["for the log", "for all", "beware", "wrong"]
    assert lines[4:] == ["é" * 5000 + " the end"]


def test_bars_of_nothing_or_of_what_is_no_result_leave_no_line() -> None:
    def shown(**options: Any) -> str:
        screen = io.StringIO()
        bar = Bar(range(2), total=2, desc="videos", disable=False, file=screen, **options)
        list(bar)
        return screen.getvalue()

    assert shown().endswith("\n")
    with bars_that_vanish():
        assert not shown().endswith("\n")
    assert shown().endswith("\n")
    screen = io.StringIO()
    assert list(Bar([], total=0, disable=False, file=screen)) == []
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"), (59, "59 s"), (99, "99 s"), (101, "2 min"), (240, "4 min"),
        (5399, "90 min"), (5400, "1 h 30 min"), (36000, "10 h 00 min"), (200_000, "2.3 days"),
    ],
)  # fmt: skip
def test_a_time_span_is_as_exact_as_anyone_wants_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words
