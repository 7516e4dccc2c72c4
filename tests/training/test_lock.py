"""Two trainings of one state at once."""

import json
import os
import platform
import signal
import time
from pathlib import Path

import pytest

from selavi.engine import state_lock
from selavi.settings import RunSettings
from tests.training.runs import first_save, held, same_result, start, train, wait, words


@pytest.mark.slow
def test_the_second_of_two_says_who_trains_and_the_first_goes_on(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """The first is held up in the middle; with loader processes, it is killed and free at once."""
    slow = settings.model_copy(
        update={"machine": settings.machine.model_copy(update={"workers": 2})}
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


@pytest.mark.slow
def test_of_two_processes_both_give_way(
    pair_settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    with held(tmp_path / ".state.lock", json.dumps({"process": "7", "host": platform.node()})):
        assert wait(start(pair_settings, train_index, tmp_path, world=2)) == [1, 1]
    assert "another training uses" in words(tmp_path)
    assert "see the log of rank 0" in words(tmp_path)
    assert not (tmp_path / "state").exists()
