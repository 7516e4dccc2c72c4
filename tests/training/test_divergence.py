"""Training that has gone wrong stops, and says what was seen and what to try."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from selavi.engine.divergence import Diverged, check_step
from selavi.labelling.collapse import collapse
from selavi.settings import RunSettings, TrainingSettings
from selavi.training.collapse import check_labels, check_predictions, largest_share
from tests.conftest import make_split
from tests.training.runs import start, wait, words

Run = Callable[..., RunSettings]
SIZES = torch.full((2, 10), 0.1)


@pytest.mark.slow
def test_a_rate_far_too_high_stops_at_the_first_loss_that_is_not_finite(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    settings = tiny_run(
        labelling={"optimisations": 1}, training={"base_lr": 1e30, "warmup_epochs": 0}
    )
    assert wait(start(settings, train_index, tmp_path)) == [1]
    assert re.search(r"(loss|norm) is (nan|inf) in epoch 1, step", words(tmp_path))
    assert "lower training.base_lr or lengthen training.warmup_epochs" in words(tmp_path)
    assert "Traceback" not in words(tmp_path)


@pytest.mark.slow
def test_what_has_diverged_is_not_trained_to_the_same_end_again(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    def after_starting(base_lr: float, code: int) -> str:
        settings = tiny_run(
            labelling={"optimisations": 1},
            training={"epochs": 1, "batch_size": 3, "base_lr": base_lr, "warmup_epochs": 0},
        )
        before = len(words(tmp_path)) if (tmp_path / "screen.txt").exists() else 0
        assert wait(start(settings, train_index, tmp_path, world=2)) == [code, code]
        return words(tmp_path)[before:]

    record = tmp_path / "state/diverged.json"
    assert "label update 1/1: " in after_starting(1e30, 1)
    refused = after_starting(1e30, 1)
    assert "label update 1/1: " not in refused
    assert "has diverged before: the loss is nan in epoch 1, step" in refused
    assert f"Change them, or remove {record}" in refused
    record.unlink()
    assert "label update 1/1: " in after_starting(1e30, 1)
    assert "has diverged before" not in after_starting(1e-4, 0)
    assert not record.exists()


def test_two_processes_stop_together(tiny_run: Run, train_index: Path, tmp_path: Path) -> None:
    settings = tiny_run(
        labelling={"optimisations": 1},
        training={"batch_size": 3, "base_lr": 1e30, "warmup_epochs": 0},
    )
    assert wait(start(settings, train_index, tmp_path, world=2)) == [1, 1]
    assert words(tmp_path).count("the loss is nan in epoch 1, step") == 2


@pytest.mark.slow
def test_clips_that_are_all_the_same_cannot_be_told_apart(
    tiny_run: Run, demo_videos: Path, tmp_path: Path
) -> None:
    """24 copies of one video, looked at without augmentation: every output is the same."""
    video = sorted((demo_videos / "train").rglob("*.mp4"))[-1]
    folder = tmp_path / "copies"
    folder.mkdir()
    for number in range(24):
        shutil.copy(video, folder / f"{number}.mp4")
    index = make_split(folder, tmp_path / "shards")
    settings = tiny_run(
        video={"scale_min": 32, "scale_max": 32, "crop": 32, "frames": 1, "jitter": 0.0},
        audio={"seconds": 1.0, "shift": 0, "mask_filters": 0, "mask_frames": 0},
        training={"warmup_epochs": 0, "collapse": 0.8},
    )
    assert wait(start(settings, index, tmp_path / "run")) == [1]
    assert "the labels have collapsed in epoch 1, before step 1" in words(tmp_path / "run")
    assert "check that the clips differ" in words(tmp_path / "run")


@pytest.mark.slow
def test_a_network_that_is_decayed_to_nothing_predicts_one_cluster(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    training = {
        "epochs": 115, "batch_size": 24, "warmup_epochs": 1, "base_lr": 0.1, "weight_decay": 8.0,
        "momentum": 0.0, "collapse": 0.8,
    }  # fmt: skip
    settings = tiny_run(
        modalities=["audio"],
        labelling={"optimisations": 1, "groups": 1},
        training=training,
        machine={"checkpoint_minutes": 60.0},
    )
    assert wait(start(settings, train_index, tmp_path)) == [1]
    assert re.search(r"predictions have collapsed: in each of epochs \d+ to 1\d\d", words(tmp_path))
    allowed = settings.training.model_copy(update={"collapse": 1.0})
    on = settings.model_copy(update={"training": allowed})
    assert wait(start(on, train_index, tmp_path)) == [0]  # goes on from the last save
    assert "resuming from epoch 1" in words(tmp_path)
    at_the_end = r"predictions in the last epoch, one cluster has \d+% of the clips\. .*base_lr"
    assert re.search(at_the_end, words(tmp_path))


def test_what_counts_as_collapsed() -> None:
    training = TrainingSettings(collapse=0.5, warmup_epochs=2)
    labels = torch.arange(100)[:, None].repeat(1, 2) % 10
    check_labels(labels, SIZES, training, "epoch 1")
    labels[:51, 1] = 7
    with pytest.raises(Diverged, match="head 1 assigns 56% of the clips to cluster 7"):
        check_labels(labels, SIZES, training, "epoch 1")
    check_labels(labels, torch.full((2, 2), 0.5).repeat(1, 5), training, "epoch 1")  # sizes ask it
    check_labels(labels, SIZES, TrainingSettings(collapse=1.0), "epoch 1")


def test_predictions_may_be_collapsed_at_first_or_for_an_epoch() -> None:
    training = TrainingSettings(collapse=0.5, warmup_epochs=2)
    check_predictions([0.9] * 4, 100, SIZES, training)
    check_predictions([0.9, 0.9, 0.9, 0.4, 0.9, 0.9], 100, SIZES, training)
    with pytest.raises(Diverged, match=r"in each of epochs 4 to 6 some head .* 60% of the clips"):
        check_predictions([0.1, 0.1, 0.1, 0.7, 0.6, 0.9], 100, SIZES, training)
    check_predictions([0.9] * 11, 10, SIZES, training)  # short epochs: so many more of them
    with pytest.raises(Diverged, match=r"in each of epochs 3 to 12"):
        check_predictions([0.9] * 12, 10, SIZES, training)


def test_what_is_said_at_the_end() -> None:
    assert collapse(0.8) == ""
    assert collapse(0.95, prescribed=0.5) == ""  # it was to be so large
    assert "one cluster has 95% of the clips" in collapse(0.95, prescribed=0.1)


def test_shares_and_losses() -> None:
    assert largest_share(torch.tensor([[1, 1, 2], [0, 3, 1]])) == 0.75
    check_step(1.0, 3.0, "epoch 1", False, "lower it")
    for loss in (float("nan"), float("inf")):
        with pytest.raises(Diverged, match=r"set machine\.precision: float32, lower it"):
            check_step(loss, 3.0, "epoch 1", True, "lower it")
    with pytest.raises(Diverged, match="the gradient's norm is inf in epoch 1"):
        check_step(1.0, float("inf"), "epoch 1", False, "lower it")
