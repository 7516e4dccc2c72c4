"""One training at a time for a state: holders, other machines, removed locks."""

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from selavi.engine import state_lock
from selavi.engine.process_group import Group
from selavi.engine.state_lock import sole_training
from selavi.files import UserError
from tests.training.runs import SERVER, held

ALONE = Group(0, 1, torch.device("cpu"))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECONDS_HERE", "SECONDS_ELSEWHERE", "POLL_SECONDS"):
        monkeypatch.setattr(state_lock, name, getattr(state_lock, name) / 100)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("owner", "said"),
    [
        (
            {"process": "7", "host": "node9", "since": "today", "job": "12"},
            r"process 7 of Slurm job 12 on node9, since today\. .*\(scancel 12\), then run the "
            r"same command again\. There was no heartbeat for 1 s: only if that machine is "
            r"gone for good, remove .*\.0\.state\.lock",
        ),
        ({}, r"an unnamed process\. Wait for its end, or end it, then"),
    ],
)
def test_the_holder_is_named(tmp_path: Path, owner: dict[str, str], said: str) -> None:
    """Also on other machines."""
    with (
        held(tmp_path / ".0.state.lock", json.dumps(owner) if owner else "\0\0torn"),
        pytest.raises(UserError, match=said),
        sole_training(tmp_path / "0.state", ALONE),
    ):
        pass


@pytest.mark.usefixtures("impatient")
def test_nobody_is_told_to_remove_the_lock_of_one_that_lives(tmp_path: Path) -> None:
    """On another machine, as far as its words go."""
    lock, release = tmp_path / ".s.lock", tmp_path / "release"
    keeper = SERVER.Process(target=_keep, args=(tmp_path / "s", release, 0.05))
    keeper.start()
    while not lock.exists() or not lock.read_text():
        time.sleep(0.01)
    lock.write_text(json.dumps({"process": "7", "host": "node9"}))
    try:
        with (
            pytest.raises(UserError, match=r"uses .*on node9") as error,
            sole_training(tmp_path / "s", ALONE),
        ):
            pass
    finally:
        release.touch()
        keeper.join()
    assert "gone for good" not in str(error.value)


def test_a_lock_is_waited_for_and_its_removal_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that ends removes the file: the lock of the next one is on a new one."""
    monkeypatch.setattr(state_lock, "POLL_SECONDS", 0.01)
    lock, release = tmp_path / ".s.lock", tmp_path / "release"
    keeper = SERVER.Process(target=_keep, args=(tmp_path / "s", release))
    keeper.start()
    while not lock.exists() or not lock.read_text():
        time.sleep(0.01)
    release.touch()
    with sole_training(tmp_path / "s", ALONE):
        keeper.join()
        code = (  # elsewhere: a process that closes the file gives its own lock up
            "import fcntl, sys; file = open(sys.argv[1], 'r+'); print(file.read(), flush=True);"
            "fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)"
        )
        command = [sys.executable, "-c", code, str(lock)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert json.loads(done.stdout)["process"] == str(os.getpid())
        assert b"BlockingIOError" in done.stderr
    assert not lock.exists()


@pytest.mark.usefixtures("impatient")
def test_a_removed_lock_does_not_take_the_next_one_with_it(tmp_path: Path) -> None:
    """The first one's file is removed by hand, a second one locks its own, the first one ends."""
    lock, state = tmp_path / ".s.lock", tmp_path / "s"
    keepers = []
    for name in ("first", "second"):
        lock.unlink(missing_ok=True)
        keepers.append(SERVER.Process(target=_keep, args=(state, tmp_path / name)))
        keepers[-1].start()
        while not lock.exists() or not lock.read_text():
            time.sleep(0.01)
    (tmp_path / "first").touch()
    keepers[0].join()
    try:
        assert json.loads(lock.read_text())["process"] == str(keepers[1].pid)
        with (
            pytest.raises(UserError, match=f"another training uses .*process {keepers[1].pid} on"),
            sole_training(state, ALONE),
        ):
            pass
    finally:
        (tmp_path / "second").touch()
        keepers[1].join()
    assert not lock.exists()


def _keep(state: Path, release: Path, beat: float = state_lock.BEAT_SECONDS) -> None:
    state_lock.BEAT_SECONDS = beat
    with sole_training(state, ALONE):
        while not release.exists():
            time.sleep(0.01)
        time.sleep(0.1)


def test_a_file_system_without_locks_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No such one can be had here: the system's answer is put in its place."""

    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", refuse)
    with sole_training(tmp_path / "s", ALONE):
        pass
    assert "cannot be locked (no locks available): make sure that" in caplog.text
