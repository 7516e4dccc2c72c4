"""`selavi run`: what a person sees of the workflow, in any folder, and after anything befell it."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.workflow.running import (
    ENVIRONMENT,
    REPOSITORY,
    TINY,
    copy_workflow,
    rules_run,
    selavi_run,
    snakemake,
)

AWKWARD = """it's a "project" — ünï, 100 %"""
MINE = ("--configfile", "mine.yaml")
SELAVI = [sys.executable, "-m", "selavi", "run", "--cores", "2", *MINE]
LONG = 5000  # epochs that no test waits for


def configure(checkout: Path, videos: Path, epochs: int = 1) -> None:
    """One run on a folder of videos."""
    config: dict[str, Any] = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text())
    split = {"train": {"folder": videos.name, "shards": 1}}
    config["datasets"] = {"mine": {"root": str(videos.parent), "splits": split, "preset": "small"}}
    config["defaults"] |= TINY["defaults"] | {
        "network": {"clusters": 2, "heads": 2, "hidden": 8},
        "training": {
            "epochs": epochs,
            "warmup_epochs": 0,
            "batch_size": 2,
        },
    }
    config["machine"] = {"workers": 0, "threads": 1}
    config["runs"] = {"mine": {"dataset": "mine"}}
    (checkout / "mine.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_workflow(tmp_path / AWKWARD)


@pytest.fixture
def videos(checkout: Path, tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    """A folder of four videos, which `mine.yaml` in the checkout names."""
    folder = tmp_path / "vidéos d'été" / "all of them"
    for number in range(4):
        make_video(folder / f'"{number}" – it\'s.mp4', hertz=300 + 200 * number)
    (folder / "words.txt").write_text("no video")
    configure(checkout, folder)
    (checkout / "results/shards").mkdir(parents=True)  # so that the costs are not estimated
    return folder


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The Python of an environment whose path has a space, a quote and a letter of its own."""
    folder = tmp_path / "l'environment é"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    lines = [str(REPOSITORY), *(path for path in sys.path if path.endswith("-packages"))]
    (packages / "all.pth").write_text("\n".join(lines) + "\n")
    return folder / "bin" / "python"


def test_any_path_will_do_and_new_videos_are_taken_in(
    checkout: Path, videos: Path, python: Path, make_video: Callable[..., Path]
) -> None:
    done = selavi_run(checkout, *MINE, python=python)
    numbers = re.findall(r"✓ \[ *(\d+)/(\d+)\] ([a-z-]+) ", done)
    assert len(numbers) == int(numbers[0][1])
    assert {"manifest", "shard", "index", "pretrain", "explorer"} <= {name for *_, name in numbers}
    assert re.search(r"✓ all \d+ stages done in ", done)
    page = checkout / "results/explorer/mine/index.html"
    assert done.rstrip().endswith(page.as_uri()) or page.as_uri() in done
    assert "jobid" not in done and "rule " not in done
    manifest, settings = (checkout / "results" / name for name in ("manifest", "settings"))
    assert len(pd.read_csv(manifest / "mine/train.csv")) == 4
    assert (settings / "config.yaml").is_file()
    summary = pd.read_csv(checkout / "results/shards/mine/train/summary.csv")
    assert summary[["outcome", "videos"]].to_numpy().tolist() == [
        ["accepted", 4], ["skipped: .txt", 1],
    ]  # fmt: skip
    assert summary["example"].iloc[-1] == "words.txt"
    assert "nothing to do: all results exist" in selavi_run(checkout, *MINE)

    make_video(videos / "deeper" / "new.mp4")
    told = snakemake(checkout, *MINE)
    assert "of its videos 1 new since results/manifest/mine/train.csv was made" in told
    assert "to add them: selavi run" in told
    assert "Nothing to be done" in told
    plan = selavi_run(checkout, *MINE, "-n")
    assert "to add them: selavi run" in plan
    assert "rule manifest:" not in plan and "stages done" not in plan
    assert not list(manifest.glob("*/*.added.txt"))
    seen = on_a_terminal([*SELAVI[:-2], *MINE, "--", "index_all"], checkout)
    assert "1 new since" in seen and "; adding them" in seen
    assert re.search(r"\d of \d stages done", seen)
    assert len(pd.read_csv(checkout / "results/shards/mine/train/index.csv")) == 5
    assert "manifest" not in rules_run(snakemake(checkout, *MINE, "-n"))

    (videos / "deeper" / "new.mp4").unlink()
    make_video(videos / "newer.mp4")
    told = selavi_run(checkout, *MINE, "--", "index_all")
    assert "1 new and 1 missing since" in told
    assert "selavi run -R results/manifest/mine/train.csv" in told
    assert len(pd.read_csv(checkout / "results/shards/mine/train/index.csv")) == 5


def on_a_terminal(command: list[str], folder: Path) -> str:
    """What a command writes to a terminal of its own."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT | {"TERM": "xterm", "COLUMNS": "160"},
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 1 << 16):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    text = b"".join(parts).decode(errors="replace")
    assert process.wait() == 0, text
    return text


@pytest.fixture
def started(checkout: Path, videos: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A run that trains, and will for long, in a process group of its own."""
    configure(checkout, videos, LONG)
    with (checkout / "out.txt").open("wb") as out:
        process = subprocess.Popen(
            [*SELAVI, "--", "pretrain_all"], cwd=checkout, env=ENVIRONMENT, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until(lambda: "training takes about" in (checkout / "out.txt").read_text())
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 600
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_same_command_goes_on_after_a_kill(
    checkout: Path, started: "subprocess.Popen[bytes]"
) -> None:
    locks = checkout / ".snakemake/locks"
    again = (*MINE, "--", "index_all")
    assert f"(process {started.pid} on " in selavi_run(checkout, *again, code=1)
    os.kill(started.pid, signal.SIGKILL)  # Snakemake and its job go on
    started.wait()
    told = selavi_run(checkout, *again, code=1)
    number = int(re.findall(r"Snakemake is already running in .* \(process (\d+)\)", told)[0])
    os.kill(number, signal.SIGKILL)  # the job goes on
    until(lambda: not Path(f"/proc/{number}").exists())
    assert any(locks.glob("*.lock"))
    told = snakemake(checkout, *MINE, "--", "pretrain_all", code=1)
    assert "Directory cannot be locked" in told  # what a person would have to mend
    done = selavi_run(checkout, *again)
    assert "stopping 2 jobs of a killed run; they write checkpoints" in done
    assert "unlocking the folder: the run that locked it was killed" in done
    assert "nothing to do" in done
    assert not any(locks.glob("*.lock"))
    log = (checkout / "logs/pretrain/mine.log").read_text()
    assert "stopped on request; checkpoint saved" in log
    with pytest.raises(ProcessLookupError):
        os.killpg(started.pid, 0)


def test_asked_to_stop_it_says_how_to_go_on(
    checkout: Path, started: "subprocess.Popen[bytes]"
) -> None:
    started.send_signal(signal.SIGTERM)
    assert started.wait(120) == 130
    said = (checkout / "out.txt").read_text()
    assert said.rstrip().endswith("stopped; run the same command to resume")
    assert "pretrain mine: training takes about " in said
    assert "Traceback" not in said
    assert "failed" not in said
    log = (checkout / "logs/pretrain/mine.log").read_text()
    assert "stopped on request; checkpoint saved" in log
    assert "unlocking" not in selavi_run(checkout, *MINE, "--", "index_all")


def test_a_failure_shows_the_end_of_the_log_and_how_to_go_on(checkout: Path, videos: Path) -> None:
    for path in sorted(videos.iterdir())[1:]:
        path.write_bytes(b"no video")
    done = selavi_run(checkout, *MINE, code=1)
    assert "✗ pretrain mine failed" in done
    assert "log: logs/pretrain/mine.log\n    │ selavi pretrain: " in done
    assert re.search(r"│ .*1 training clips? (is|are) too few", done)
    assert "1 job failed after" in done
    assert "run the same command again" in done
    assert "CalledProcessError" not in done and "Traceback" not in done
