"""`selavi run` on workflows of a few lines, whose jobs do what jobs seldom do."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from snakemake.cli import get_argument_parser

from selavi.commands.run import RUNS_NOTHING, runs_nothing
from selavi.progress import MARK
from tests.workflow.running import ENVIRONMENT, REPOSITORY, selavi_run, snakemake
from tests.workflow.test_run import until

SELAVI = [sys.executable, "-m", "selavi", "run", "--cores", "2"]
WORKER = """
import signal, sys, time
from pathlib import Path
def stop(number, frame):
    Path(signal.Signals(number).name).touch()
    if number == signal.SIGINT:
        time.sleep(7)  # so long that it would be asked again
    Path("saved").touch()
    sys.exit(75)
for number in signal.SIGTERM, signal.SIGINT:
    signal.signal(number, stop)
Path("working").touch()
time.sleep(600)
"""
WAITS = """
rule wait:
    output: "never"
    log: "wait.log"
    shell: "{before} {python} selavi"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workflow's folder, with a program called selavi that works until it is asked to stop."""
    for name in ("workflow/plugins", "profiles"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    (tmp_path / "selavi").write_text(WORKER)
    write_rules(tmp_path)
    return tmp_path


def write_rules(folder: Path, rules: str = WAITS, before: str = "") -> None:
    text = rules.replace("{before}", before).replace("{python}", sys.executable)
    (folder / "Snakefile").write_text(text)


@pytest.fixture
def started(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A run whose job works, in a process group of its own."""
    process = start(folder)
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def start(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        SELAVI, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, text=True,
    )  # fmt: skip
    until(lambda: (folder / "working").exists() or process.poll() is not None)
    return process


def is_over(group: int) -> bool:
    """Whether no process of a group is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return False
    return True


def test_calls_that_run_nothing_are_known_by_snakemakes_own_names() -> None:
    theirs = {tuple(sorted(a.option_strings)) for a in get_argument_parser()._actions}
    assert {tuple(sorted(names.split())) for names in RUNS_NOTHING} <= theirs
    for words in (
        "-n",
        "-Fn",
        "--dryrun",
        "--dry-r",
        "--report x.html",
        "-R a b -D",
        "--lint json",
    ):
        assert runs_nothing(words.split()), words
    for words in ("", "-R n", "-- -n", "--report x.zip --report-after-run", "-c 2 -d n", "-Rn"):
        assert not runs_nothing(words.split()), words


def test_calls_that_run_nothing_leave_a_run_alone(
    folder: Path, started: "subprocess.Popen[str]"
) -> None:
    plan = selavi_run(folder, "-n")
    assert "rule wait:" in plan and "stages done" not in plan
    assert "never" in selavi_run(folder, "--summary")
    os.kill(started.pid, signal.SIGKILL)  # Snakemake and its job go on
    started.wait()
    assert "rule wait:" in selavi_run(folder, "--dry-run")
    assert any((folder / ".snakemake/locks").iterdir())
    assert not (folder / "saved").exists()


def test_an_interrupt_of_the_runner_alone_stops_jobs_too(
    folder: Path, started: "subprocess.Popen[str]"
) -> None:
    os.kill(started.pid, signal.SIGINT)
    said, _ = started.communicate(timeout=60)
    assert started.returncode == 130, said
    assert said.count("stopping: ") == 1
    assert said.rstrip().endswith("stopped; run the same command to resume")
    assert {"SIGTERM", "saved"} <= {path.name for path in folder.iterdir()}
    assert is_over(started.pid)


def test_an_interrupt_of_the_terminal_is_not_passed_on_again(
    folder: Path, started: "subprocess.Popen[str]"
) -> None:
    os.killpg(started.pid, signal.SIGINT)
    said, _ = started.communicate(timeout=60)
    assert started.returncode == 130, said
    assert (folder / "saved").exists() and not (folder / "SIGTERM").exists()
    assert "Traceback" not in said


def test_torn_lines_are_shown_and_stop_nothing(folder: Path) -> None:
    torn = ["a word" + MARK + '{"log": "wait', MARK + "7", MARK + "[]"]
    (folder / "lines").write_text("\n".join(torn) + "\n")
    write_rules(folder, 'rule wait:\n    output: "made"\n    shell: "cat lines >&2; touch made"\n')
    said = selavi_run(folder)
    assert {"a word", '{"log": "wait', "7", "[]"} <= set(said.splitlines())
    assert "✓ all 1 stages done" in said


def test_a_screen_that_is_gone_does_not_end_a_run(folder: Path) -> None:
    rules = """
rule wait:
    output: "made"
    shell: "touch working; while [ ! -e go ]; do sleep 0.1; done; touch made"
rule after:
    input: "made"
    output: "after"
    shell: "touch after"
"""
    write_rules(folder, rules + "\nrule all:\n    default_target: True\n    input: 'after'\n")
    process = start(folder)
    assert process.stdout is not None
    process.stdout.close()
    (folder / "go").touch()
    assert process.wait(300) == 0
    assert (folder / "after").exists()
    assert is_over(process.pid)


def test_a_mistake_of_the_runner_leaves_nothing_running(folder: Path) -> None:
    """A bar of nothing, as no job of ours tells."""
    told = {"log": "wait.log", "done": 0, "total": 0, "what": ""}
    (folder / "lines").write_text(MARK + json.dumps(told) + "\n")
    write_rules(folder, before="while cat lines >&2; do sleep 0.2; done &")
    process = start(folder)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "unexpected error" in said and "ZeroDivisionError" in said
    until(lambda: is_over(process.pid))


def test_an_attempt_that_is_tried_again_is_no_failure(folder: Path) -> None:
    rules = """
rule twice:
    output: "made"
    log: "twice.log"
    retries: 1
    shell: "test -e once && touch made || {{ touch once; echo too early > {log}; false; }}"
"""
    write_rules(folder, rules)
    said = selavi_run(folder)
    assert "✗ twice failed" in said and "too early" in said and "twice: retrying" in said
    assert "✓ [1/1] twice" in said and "✓ all 1 stages done" in said
    assert "failed after" not in said


def test_a_folder_is_unlocked_only_where_jobs_were_local(
    folder: Path, started: "subprocess.Popen[str]"
) -> None:
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    until(lambda: is_over(started.pid))
    (log,) = (folder / ".snakemake/log").glob("*.log")
    assert "Directory cannot be locked" in snakemake(folder, code=1)  # has a log of its own
    said = log.read_text()
    assert "Provided cores: 2" in said
    log.write_text(said.replace("Provided cores: 2", "Provided remote nodes: 100"))  # as on Slurm
    told = selavi_run(folder, code=1)
    assert "submitted jobs" in told and "scancel" in told and "snakemake --unlock" in told
    log.write_text(said.replace("Host: ", "Host: not-"))
    assert "the run that locked it was on not-" in selavi_run(folder, code=1)
    assert any((folder / ".snakemake/locks").iterdir())
    log.write_text(said)
    write_rules(folder, 'rule wait:\n    output: "made"\n    shell: "touch made"\n')
    assert "unlocking the folder" in selavi_run(folder)
    assert (folder / "made").exists()
