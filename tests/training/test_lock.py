"""One training at a time for a state: two at once, owners that die, and other machines."""

import fcntl
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from selavi.engine import state_lock
from selavi.engine.process_group import Group
from selavi.engine.state_lock import sole_training
from selavi.files import UserError
from selavi.settings import RunSettings
from tests.training.runs import SERVER, first_save, same_result, start, train, wait, words

Run = Callable[..., RunSettings]
ALONE = Group(0, 1, torch.device("cpu"))


@contextmanager
def held(lock: Path, owner: str) -> Iterator[None]:
    """By a process that says `owner` of itself."""
    lock.write_text(owner)
    code = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'a+'); fcntl.lockf(file, fcntl.LOCK_EX);"
        "print(flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE)
    assert holder.stdout and holder.stdout.readline()
    try:
        yield
    finally:
        holder.kill()
        holder.wait()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECONDS_HERE", "SECONDS_ELSEWHERE", "POLL_SECONDS"):
        monkeypatch.setattr(state_lock, name, getattr(state_lock, name) / 100)


def test_the_second_of_two_says_who_trains_and_the_first_goes_on(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """The first is held up in the middle; with loader processes, it is killed and free at once."""
    slow = settings.model_copy(
        update={"training": settings.training.model_copy(update={"workers": 2})}
    )
    (first,) = start(slow, train_index, tmp_path)
    first_save([first], tmp_path)
    assert first.pid
    os.kill(first.pid, signal.SIGSTOP)
    assert wait(start(slow, train_index, tmp_path)) == [1]
    said = words(tmp_path)
    assert f"another training uses {tmp_path / 'state'}: process {first.pid} on " in said
    assert platform.node() in said and f"(kill {first.pid}, there)" in said
    os.kill(first.pid, signal.SIGKILL)  # its loader processes live on for a while
    first.join()
    began = time.monotonic()
    train(slow, train_index, tmp_path)
    assert time.monotonic() - began < state_lock.SECONDS_HERE + 20
    assert f"taken over from process {first.pid} on" in words(tmp_path)
    same_result(tmp_path, undisturbed)
    assert not list(tmp_path.glob(".*lock"))


def test_of_two_processes_both_give_way(
    pair_settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    with held(tmp_path / ".state.lock", json.dumps({"process": "7", "host": platform.node()})):
        assert wait(start(pair_settings, train_index, tmp_path, world=2)) == [1, 1]
    assert "another training uses" in words(tmp_path)
    assert "see the log of rank 0" in words(tmp_path)
    assert not (tmp_path / "state").exists()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("owner", "said"),
    [
        (
            {"process": "7", "host": "node9", "since": "today", "job": "12"},
            r"process 7 of Slurm job 12 on node9, since today\. .*\(scancel 12\), then run the "
            r"same command again\. There was no heartbeat for 1 s: only if that machine is "
            r"gone for good, remove .*\.0\.state\.pt\.lock",
        ),
        ({}, r"an unnamed process\. Wait for its end, or end it, then"),
    ],
)
def test_the_holder_is_named(tmp_path: Path, owner: dict[str, str], said: str) -> None:
    """Of a state that is a file, as fine-tuning's; on other machines, too."""
    with (
        held(tmp_path / ".0.state.pt.lock", json.dumps(owner) if owner else "\0\0torn"),
        pytest.raises(UserError, match=said),
        sole_training(tmp_path / "0.state.pt", ALONE),
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
