"""Runs over shards with corrupt clips."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from selavi.config_file import write_section
from selavi.data.sampling import (
    Clips,
    open_clips,
)
from selavi.evaluation.assign import assign
from selavi.evaluation.baselines import baselines
from selavi.evaluation.metrics import measure
from selavi.files import read_csv
from selavi.settings import BaselineSettings, RunSettings
from tests.data.test_corrupt_clips import BAD, break_video
from tests.training import runs

Run = Callable[..., RunSettings]


@pytest.fixture
def clips(train_index: Path, tiny_run: Run, tmp_path: Path) -> Clips:
    """The training clips in a folder of the test's own; two of them may be corrupt."""
    for path in train_index.parent.glob("[0-9i]*.*"):
        shutil.copy(path, tmp_path)
    return replace(open_clips(tmp_path / "index.csv", tiny_run()), max_corrupt=0.1)


@pytest.fixture
def trained(clips: Clips, tiny_run: Run, tmp_path: Path) -> tuple[Path, RunSettings, str]:
    """A run of two processes over shards with a corrupt clip; what it said."""
    break_video(clips)
    settings = tiny_run(training={"epochs": 2}).model_copy(update={"max_corrupt": 0.1})
    output = tmp_path / "run"
    output.mkdir()
    write_section(output / "settings.yaml", settings)
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
            "-m", "selavi", "pretrain", "--settings", str(output / "settings.yaml"),
            "--index", str(tmp_path / "index.csv"), "--output", str(output),
        ],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return output, settings, done.stderr


@pytest.mark.slow
def test_a_run_goes_on_without_it_and_says_so(
    trained: tuple[Path, RunSettings, str], clips: Clips, tmp_path: Path
) -> None:
    output, _, said = trained
    assert "1 of 24 clips are corrupt and were left out" in said
    labels = pd.read_csv(output / "labels.csv").set_index("sample")
    assert (labels.loc[BAD, ["head0", "head1"]] == -1).all()
    assert (labels.drop(BAD)[["head0", "head1"]] >= 0).all().all()

    csv = tmp_path / "assigned.csv"
    assign(output / "model.pt", tmp_path / "index.csv", csv, tmp_path / "assigned.pkl")
    table = read_csv(csv, ("id", "key", "path", "label", "detail")).set_index("sample")
    assert list(table.index) == list(range(24))
    assert "its bytes differ from those written" in table["detail"][BAD]
    assert (table["detail"].drop(BAD) == "").all()
    assert table["cluster"][BAD] == -1
    assert (table["cluster"].drop(BAD) >= 0).all()
    assert table["confidence"][BAD] == 0
    scores = measure(csv, tmp_path / "metrics.csv")
    assert set(scores["clips"]) == {23}
    found = baselines(
        output / "model.pt", tmp_path / "index.csv", BaselineSettings(), tmp_path / "baselines.csv"
    )
    assert found.loc[found["note"] == "", "nmi"].between(0, 1).all()


@pytest.mark.slow
def test_a_run_of_several_processes_ends_with_the_list(
    clips: Clips, tiny_run: Run, tmp_path: Path
) -> None:
    """Each process meets one corrupt clip, which alone would be allowed."""
    for sample in (3, 20):
        break_video(clips, sample)
    settings = tiny_run(training={"epochs": 2}).model_copy(update={"max_corrupt": 0.05})
    write_section(tmp_path / "settings.yaml", settings)
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
            "-m", "selavi", "pretrain", "--settings", str(tmp_path / "settings.yaml"),
            "--index", str(tmp_path / "index.csv"), "--output", str(tmp_path / "run"),
        ],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "2 of 24 clips are corrupt, more than max_corrupt = 0.05 allows" in done.stderr
    assert clips.index["path"][3] in done.stderr
    assert clips.index["path"][20] in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("world", [1, 2])
def test_a_resumed_run_goes_on_counting(
    clips: Clips, tiny_run: Run, tmp_path: Path, world: int
) -> None:
    """Killed after a clip was found corrupt, and gone on with: it is not reported again."""
    break_video(clips)
    saved_each_step = {"checkpoint_minutes": 0.0}
    settings = tiny_run(
        training={"epochs": 3, "batch_size": 4 // world}, machine=saved_each_step, max_corrupt=0.1
    )
    index = tmp_path / "index.csv"
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    runs.train(settings, index, whole, world=world)
    runs.wait(runs.start(settings, index, killed, world=world, kill_at=("torch.optim:SGD.step", 9)))
    runs.train(settings, index, killed, world=world)
    assert "resuming from epoch 2" in runs.words(killed)
    assert runs.words(killed).count("corrupt clip: ") == runs.words(whole).count("corrupt clip: ")
    assert pd.read_csv(killed / "log.csv")["corrupt_clips"].tolist() == [1, 1, 1]
    runs.same_result(killed, whole)
