"""Killed with SIGKILL and resumed: to the same result, bit for bit."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from selavi.engine.divergence import RECORD, refuse_recorded
from selavi.engine.process_group import Group
from selavi.settings import MachineSettings, RunSettings
from selavi.tensor_files import read_tensors, save_tensors
from tests.training.runs import same_result, start, train, wait, words

Run = Callable[..., RunSettings]


@pytest.mark.slow
def test_ten_kills_at_random_moments(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """One run, killed again and again while the state is saved at every step."""
    chance = random.Random(4)
    for _ in range(10):
        (run,) = start(settings, train_index, tmp_path)
        time.sleep(chance.uniform(0.2, 0.8))
        run.kill()
        run.join()
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "call"),
    [
        ("selavi.training.step:heads_loss", 11),  # in a step, before the gradient
        ("torch.optim:SGD.step", 5),  # after the gradient
        ("selavi.engine.checkpoint:write_tensors", 8),  # in a save, one file written
        ("selavi.engine.checkpoint:_sync", 3),  # renamed, not yet for good
        ("shutil:rmtree", 2),  # while an old save is removed
        ("selavi.models.network:Network.encode", 8),  # in the first labelling pass
        ("selavi.models.network:Network.encode", 40),  # in a later one
        ("selavi.labelling.relabel:sinkhorn", 7),
        ("selavi.training.pretrain:Journal.write", 2),  # at the end of an epoch
        ("selavi.training.pretrain:save_model", 1),  # when all is done but for the outputs
    ],
)
def test_a_kill_at_a_chosen_place(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path,
    place: str, call: int,
) -> None:  # fmt: skip
    assert wait(start(settings, train_index, tmp_path, kill_at=(place, call))) == [-9]
    assert not (tmp_path / "model.pt").exists()
    train(settings, train_index, tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "call"),
    [("selavi.engine.checkpoint:write_tensors", 5), ("selavi.labelling.relabel:sinkhorn", 6)],
)
def test_one_of_two_processes_is_killed(
    pair_settings: RunSettings, train_index: Path, undisturbed_pair: Path, tmp_path: Path,
    place: str, call: int,
) -> None:  # fmt: skip
    codes = wait(start(pair_settings, train_index, tmp_path, world=2, kill_at=(place, call)))
    assert codes[1] == -9 and codes[0] != 0
    train(pair_settings, train_index, tmp_path, world=2)
    same_result(tmp_path, undisturbed_pair)


def stopped_midway(settings: RunSettings, index: Path, output: Path, world: int = 1) -> list[Path]:
    """Kill a run in its second epoch; return its checkpoints, the oldest first."""
    wait(start(settings, index, output, world=world, kill_at=("torch.optim:SGD.step", 7)))
    return sorted((output / "state").glob("step-*"))


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def zeros_inside(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(4096) + content[middle + 4096 :]


def one_bit(content: bytes) -> bytes:
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 4
    return bytes(damaged)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("shared.pt", cut),
        ("shared.pt", zeros_inside),
        ("rank-0.pt", one_bit),
    ],
)
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path,
    name: str, fault: Callable[[bytes], bytes],
) -> None:  # fmt: skip
    checkpoints = stopped_midway(settings, train_index, tmp_path)
    assert len(checkpoints) == settings.machine.checkpoints_kept == 2
    file = checkpoints[-1] / name
    file.write_bytes(fault(file.read_bytes()))
    train(settings, train_index, tmp_path)
    assert f"{checkpoints[-1] / name} is damaged" in words(tmp_path)
    assert "falling back to the checkpoint before it" in words(tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.slow
def test_the_other_ranks_file_is_missing(
    pair_settings: RunSettings, train_index: Path, undisturbed_pair: Path, tmp_path: Path
) -> None:
    """All ranks go back together, also those whose own files are whole."""
    checkpoints = stopped_midway(pair_settings, train_index, tmp_path, world=2)
    (checkpoints[-1] / "rank-1.pt").unlink()
    train(pair_settings, train_index, tmp_path, world=2)
    assert f"{checkpoints[-1]} is damaged (a file of another rank)" in words(tmp_path)
    same_result(tmp_path, undisturbed_pair)


@pytest.mark.slow
def test_a_checkpoint_that_the_disk_does_not_let_be_read_is_kept(
    pair_settings: RunSettings, train_index: Path, undisturbed_pair: Path, tmp_path: Path
) -> None:
    """It may be whole: all ranks stop, where one cannot read its file."""
    checkpoints = stopped_midway(pair_settings, train_index, tmp_path, world=2)
    own = checkpoints[-1] / "rank-1.pt"
    whole = own.rename(tmp_path / "whole.pt")
    own.symlink_to("/proc/self/mem")  # nothing lies at its address 0
    assert wait(start(pair_settings, train_index, tmp_path, world=2)) == [1, 1]
    assert f"{own} cannot be read (input/output error); check its disk" in words(tmp_path)
    assert "falling back" not in words(tmp_path)
    assert sorted((tmp_path / "state").glob("step-*")) == checkpoints
    whole.replace(own)
    train(pair_settings, train_index, tmp_path, world=2)
    assert "falling back" not in words(tmp_path)
    same_result(tmp_path, undisturbed_pair)


@pytest.mark.slow
def test_no_whole_checkpoint_is_an_error_not_a_fresh_start(
    settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    for checkpoint in stopped_midway(settings, train_index, tmp_path):
        (checkpoint / "shared.pt").write_bytes(b"")
    assert wait(start(settings, train_index, tmp_path)) == [1]
    assert "remove that folder to train from the start" in words(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["content"].pop("optimizer"), "does not fit this run ('optimizer')"),
        (lambda c: c["content"].update(labels=torch.zeros(3, 9)), "does not fit this run"),
        (lambda c: c["content"]["progress"].update(more=1), "does not fit this run"),
        (lambda c: c.pop("format"), "was written by another version of selavi (format unknown"),
        (lambda c: c.update(format="x-2"), "was written by another version of selavi (format x-2"),
    ],
)
def test_a_checkpoint_with_other_content_is_named(
    settings: RunSettings, train_index: Path, tmp_path: Path,
    change: Callable[[dict[str, Any]], object], said: str,
) -> None:  # fmt: skip
    """Whole, but not as this program writes it."""
    for checkpoint in stopped_midway(settings, train_index, tmp_path):
        content = read_tensors(checkpoint / "shared.pt")
        change(content)
        save_tensors(checkpoint / "shared.pt", content)
    assert wait(start(settings, train_index, tmp_path)) == [1]
    assert said in words(tmp_path) and "to train from the start" in words(tmp_path)
    assert "unexpected error" not in words(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", '{"key": 1}', "\0\0"])
def test_a_damaged_record_of_divergence_is_passed_over(tmp_path: Path, content: str) -> None:
    (tmp_path / RECORD).write_text(content)
    refuse_recorded(tmp_path, "1", Group(0, 1, torch.device("cpu")))
    assert not (tmp_path / RECORD).exists()


@pytest.mark.slow
@pytest.mark.parametrize("keep", [1, 3])
def test_as_many_checkpoints_are_kept_as_set(
    tiny_run: Run, train_index: Path, tmp_path: Path, keep: int
) -> None:
    settings = tiny_run(
        training={"epochs": 4}, machine={"checkpoints_kept": keep, "checkpoint_minutes": 60.0}
    )
    train(settings, train_index, tmp_path)
    names = [f"step-{epoch:06d}-000000000000" for epoch in range(1, 5)]
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == names[-keep:]


@pytest.mark.slow
def test_another_number_of_processes_and_another_effective_batch(
    pair_settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    """Two processes made steps of 6 clips, one goes on with 3; every epoch is told once."""
    stopped_midway(pair_settings, train_index, tmp_path, world=2)
    train(pair_settings, train_index, tmp_path)
    assert "saved by 2 processes, resuming with 1" in words(tmp_path)
    assert "steps had 6 clips and have 3 now" in words(tmp_path)
    assert "resuming from epoch 2, step 5" in words(tmp_path)
    log = pd.read_csv(tmp_path / "log.csv")
    assert log["epoch"].tolist() == [1, 2, 3]
    assert log["learning_rate"].iloc[-1] == pytest.approx(0.05 * 3 / 16)
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert labels["head0"].nunique() == 4


@pytest.mark.slow
def test_the_same_processes_with_another_batch_start_afresh(
    settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    stopped_midway(settings, train_index, tmp_path)
    bigger = settings.training.model_copy(update={"batch_size": 6})
    train(settings.model_copy(update={"training": bigger}), train_index, tmp_path)
    assert "settings or clips have changed: starting from the beginning" in words(tmp_path)


@pytest.mark.slow
def test_other_settings_of_the_machine_resume_to_the_same_result(
    settings: RunSettings, train_index: Path, undisturbed: Path, tmp_path: Path
) -> None:
    stopped_midway(settings, train_index, tmp_path)
    other = MachineSettings(
        workers=2, threads=1, precision="float32", cache_gb=0.0, checkpoint_minutes=60.0,
        checkpoints_kept=3,
    )  # fmt: skip
    assert not set(other.model_dump().items()) & set(settings.machine.model_dump().items()) - {
        ("threads", 1), ("precision", "float32"), ("channels_last", True), ("compile", False),
    }  # fmt: skip
    train(settings.model_copy(update={"machine": other}), train_index, tmp_path)
    assert "resuming from epoch 2" in words(tmp_path)
    same_result(tmp_path, undisturbed)


@pytest.mark.parametrize(("precision", "resumed"), [("float32", False), ("auto", True)])
def test_only_float32_overrides_the_arithmetic_of_a_checkpoint(
    tiny_run: Run, train_index: Path, tmp_path: Path, precision: str, resumed: bool
) -> None:
    """The run is the same one: it goes on, and does not start again."""
    often = {"checkpoint_minutes": 0.0}
    before = tiny_run(machine=often | {"precision": "bfloat16"})
    (*_, newest) = stopped_midway(before, train_index, tmp_path)
    assert read_tensors(newest / "shared.pt")["content"]["progress"]["bfloat16"]
    train(tiny_run(machine=often | {"precision": precision}), train_index, tmp_path)
    assert "resuming from epoch 2" in words(tmp_path)
    (*_, last) = sorted((tmp_path / "state").glob("step-*"))
    assert read_tensors(last / "shared.pt")["content"]["progress"]["bfloat16"] is resumed
