"""Runs made longer: they go on from where they are, with the longer run's relabelling schedule."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from selavi.settings import RunSettings
from tests.training.runs import same_result, start, train, wait, words

Run = Callable[..., RunSettings]


def of(settings: RunSettings, epochs: int) -> RunSettings:
    training = settings.training.model_copy(update={"epochs": epochs})
    return settings.model_copy(update={"training": training})


@pytest.fixture(scope="module")
def once_labelled(tiny_run: Run) -> RunSettings:
    """Labels are drawn before the first step alone, whatever the number of epochs."""
    return tiny_run(labelling={"optimisations": 1}, machine={"checkpoint_minutes": 0.0})


@pytest.mark.slow
def test_a_finished_run_goes_on_as_if_it_had_been_longer(
    once_labelled: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    """Also one that was stopped: where the schedules agree, bit for bit."""
    long, finished, stopped = (tmp_path / name for name in ("long", "finished", "stopped"))
    train(of(once_labelled, 4), train_index, long)
    train(of(once_labelled, 2), train_index, finished)
    before = pd.read_csv(finished / "log.csv")
    place = ("torch.optim:SGD.step", 8)
    assert wait(start(of(once_labelled, 2), train_index, stopped, kill_at=place)) == [-9]
    for output in (finished, stopped):
        train(of(once_labelled, 4), train_index, output)
        same_result(output, long)
        assert len(re.findall(r"epoch 2/[24]: loss", words(output))) == 1  # none is learned twice
        assert not (output / "state.earlier").exists()
    pd.testing.assert_frame_equal(pd.read_csv(finished / "log.csv").head(2), before)


@pytest.mark.slow
def test_labels_are_updated_by_the_longer_runs_schedule(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    """18 steps: before 0, 1, 4, 8, 12. 36 steps: before 0, 3, 9, 16, 25: one is to come."""
    settings = tiny_run(machine={"checkpoint_minutes": 0.0})
    one, other = tmp_path / "one", tmp_path / "other"
    train(of(settings, 3), train_index, one)
    place = ("torch.optim:SGD.step", 14)
    assert wait(start(of(settings, 3), train_index, other, kill_at=place)) == [-9]
    train(of(settings, 3), train_index, other)
    for output in (one, other):
        train(of(settings, 6), train_index, output)
    same_result(one, other)  # from the same save on, always to the same end
    log = pd.read_csv(one / "log.csv")
    assert log["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert log["relabellings"].tolist() == [3, 1, 1, 0, 1, 0]
    assert "label update 5/5: " in words(one) and "label update 6/6: " in words(one)
    assert re.search(
        r"epoch 1/3: loss \d\.\d{3}, 3 label updates, \d+ clips/s, .* left", words(one)
    )
    assert re.search(r"epoch 6/6: loss \d\.\d{3}, 0 label updates, \d+ clips/s\n", words(one))


@pytest.mark.slow
def test_fewer_epochs_than_are_done_are_refused(
    settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    place = ("torch.optim:SGD.step", 9)  # of the second epoch the third step
    assert wait(start(settings, train_index, tmp_path, kill_at=place)) == [-9]
    assert wait(start(of(settings, 1), train_index, tmp_path)) == [1]
    assert "epochs = 1, and 1 epochs and 2 steps are done" in words(tmp_path)
    assert f"set epochs to at least 2, or remove {tmp_path / 'state'}" in words(tmp_path)
    train(of(settings, 2), train_index, tmp_path)
    assert pd.read_csv(tmp_path / "log.csv")["epoch"].tolist() == [1, 2]
    assert wait(start(of(settings, 1), train_index, tmp_path)) == [1]
    assert "epochs = 1, and 2 epochs are done" in words(tmp_path)
