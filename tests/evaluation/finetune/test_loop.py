"""Finetuning on real clips, in processes of its own, killed and resumed."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from selavi.data.schema import read_index
from selavi.engine.divergence import Diverged
from selavi.evaluation.finetune.fold import read_fold
from selavi.evaluation.finetune.loop import finetune
from selavi.files import UserError, read_csv, write_csv
from selavi.models.checkpoint import load_model
from selavi.settings import FinetuneSettings
from tests.evaluation.finetune.runs import SMALL, command, run_alone, weights
from tests.training.runs import fork, held, wait
from tests.training.runs import words as screen

ASIDE = "5 videos of 13 were rejected"  # beside the training split, which the fold is part of


@pytest.fixture(scope="module")
def undisturbed(
    model: Path, indexes: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    output = tmp_path_factory.mktemp("undisturbed") / "1.csv"
    run_alone(command(model, indexes, output), output)
    return output


@pytest.mark.slow
def test_a_row_per_epoch(undisturbed: Path) -> None:
    table = read_csv(undisturbed, ("note",))
    assert table["epoch"].tolist() == [1, 2, 3]
    assert (table["videos"] == 8).all()
    assert (table["classes"] == 4).all()
    assert (table["clip_top5"] == 1).all()  # of four classes
    assert table["video_top1"].isin([n / 8 for n in range(9)]).all()
    assert (table["note"] == ASIDE).all()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_one_goes_on_to_the_same_result(
    model: Path, indexes: tuple[Path, Path], undisturbed: Path, tmp_path: Path,
    number: signal.Signals,
) -> None:  # fmt: skip
    output = tmp_path / "1.csv"
    words = command(model, indexes, output)
    process = fork(words, output.parent)
    while process.is_alive() and not list(output.with_suffix(".state").glob("step-*")):
        time.sleep(0.01)
    assert process.pid
    os.kill(process.pid, number)
    process.join()
    assert process.exitcode == (-9 if number == signal.SIGKILL else 75)
    assert not output.exists()
    run_alone(words, output)
    assert output.read_bytes() == undisturbed.read_bytes()
    output.unlink()
    run_alone(words, output)  # finished: the outputs are written again
    assert output.read_bytes() == undisturbed.read_bytes()


@pytest.fixture
def finished(undisturbed: Path, tmp_path: Path) -> tuple[Path, list[Path]]:
    """A folder with the checkpoints of a finished fine-tuning: its output, and the checkpoints."""
    shutil.copytree(undisturbed.with_suffix(".state"), tmp_path / "1.state")
    return tmp_path / "1.csv", sorted((tmp_path / "1.state").glob("step-*"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shared.pt", "rank-0.pt"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    model: Path, indexes: tuple[Path, Path], undisturbed: Path,
    finished: tuple[Path, list[Path]], name: str,
) -> None:  # fmt: skip
    output, checkpoints = finished
    flip_a_bit(checkpoints[-1] / name)
    run_alone(command(model, indexes, output), output)
    said = screen(output.parent)
    assert f"{checkpoints[-1] / name} is damaged" in said
    assert "falling back to the checkpoint before it" in said
    assert "resuming from epoch 3" in said
    assert output.read_bytes() == undisturbed.read_bytes()


@pytest.mark.slow
def test_no_whole_checkpoint_is_an_error(
    model: Path, indexes: tuple[Path, Path], finished: tuple[Path, list[Path]]
) -> None:
    output, checkpoints = finished
    for checkpoint in checkpoints:
        flip_a_bit(checkpoint / "shared.pt")
    assert wait([fork(command(model, indexes, output), output.parent)]) == [1]
    assert f"no checkpoint in {output.with_suffix('.state')} can be read" in screen(output.parent)
    assert "remove that folder to train from the start" in screen(output.parent)


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [1, 2])
def test_as_many_checkpoints_are_kept_as_set(
    model: Path, indexes: tuple[Path, Path], undisturbed: Path, tmp_path: Path, kept: int
) -> None:
    """Each epoch ends with one."""
    output = tmp_path / "1.csv"
    machine = SMALL["machine"] | {"checkpoints_kept": kept, "checkpoint_minutes": 60.0}
    run_alone(command(model, indexes, output, machine=machine), output)
    names = [f"step-{epoch:06d}-000000000000" for epoch in range(1, 4)]
    assert sorted(path.name for path in output.with_suffix(".state").iterdir()) == names[-kept:]
    assert output.read_bytes() == undisturbed.read_bytes()


@pytest.mark.slow
def test_other_settings_start_afresh_beside_the_earlier_checkpoints(
    model: Path, indexes: tuple[Path, Path], finished: tuple[Path, list[Path]]
) -> None:
    output, checkpoints = finished
    run_alone(command(model, indexes, output, epochs=1, warmup_epochs=1, seed=7), output)
    assert "settings or clips have changed: starting from the beginning" in screen(output.parent)
    earlier = output.with_name("1.state.earlier")
    assert sorted(p.name for p in earlier.iterdir()) == [p.name for p in checkpoints]


def test_a_checkpoint_of_an_earlier_version_is_named(
    model: Path, indexes: tuple[Path, Path], tmp_path: Path
) -> None:
    earlier = tmp_path / "1.state.pt"
    earlier.touch()
    with pytest.raises(UserError, match=rf"{earlier} is the checkpoint of an earlier version"):
        finetune(model, *indexes, FinetuneSettings.model_validate(SMALL), tmp_path / "1.csv")


@pytest.mark.slow
def test_a_checkpoint_that_the_disk_does_not_let_be_read_is_kept(
    model: Path, indexes: tuple[Path, Path], finished: tuple[Path, list[Path]]
) -> None:
    output, checkpoints = finished
    shared = checkpoints[-1] / "shared.pt"
    shared.unlink()
    shared.symlink_to("/proc/self/mem")  # nothing lies at its address 0
    assert wait([fork(command(model, indexes, output), output.parent)]) == [1]
    said = screen(output.parent)
    assert f"{shared} cannot be read (input/output error); check its disk" in said
    assert "falling back" not in said
    assert sorted(output.with_suffix(".state").glob("step-*")) == checkpoints


@pytest.mark.slow
def test_two_at_once_are_refused(model: Path, indexes: tuple[Path, Path], tmp_path: Path) -> None:
    with held(tmp_path / ".1.state.lock", ""):
        assert wait([fork(command(model, indexes, tmp_path / "1.csv"), tmp_path)]) == [1]
    assert f"another training uses {tmp_path / '1.state'}" in screen(tmp_path)


@pytest.mark.slow
def test_a_finished_one_is_made_longer(
    model: Path, indexes: tuple[Path, Path], undisturbed: Path, tmp_path: Path
) -> None:
    """Its epochs are not repeated; what is done cannot be made less."""
    output = tmp_path / "1.csv"
    run_alone(command(model, indexes, output, epochs=2), output)
    run_alone(command(model, indexes, output), output)
    assert output.read_bytes() == undisturbed.read_bytes()
    assert wait([fork(command(model, indexes, output, epochs=2), output.parent)]) == [1]
    assert "epochs = 2, and 3 epochs are done" in screen(output.parent)
    assert "set epochs to at least 3, or remove" in screen(output.parent)


@pytest.mark.slow
def test_a_linear_probe_leaves_the_encoder_as_it_is(
    model: Path, indexes: tuple[Path, Path], tmp_path: Path
) -> None:
    before = load_model(model)[0].encoders["video"].state_dict()
    states = {}
    for probe in (True, False):
        output = tmp_path / str(probe) / "1.csv"
        changes = {"linear_probe": probe, "epochs": 1, "warmup_epochs": 1}
        settings = FinetuneSettings.model_validate(SMALL | changes)
        finetune(model, *indexes, settings, output)
        states[probe] = weights(output)
    changed = {
        probe: [n for n, v in before.items()
                if not torch.equal(v, state[f"network.encoders.video.{n}"])]
        for probe, state in states.items()
    }  # fmt: skip
    assert changed[True] == []  # batch-norm statistics included
    assert len(changed[False]) > len(before) / 2


def test_classes_of_one_split_alone(
    model: Path, indexes: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_settings = load_model(model)[1]
    settings = FinetuneSettings.model_validate(SMALL)
    table = read_index(indexes[0])
    folder = indexes[0].parent
    gone = table["label"].iloc[0]
    write_csv(folder / "part.csv", table[table["label"] != gone])
    fold = read_fold(folder / "part.csv", indexes[1], run_settings, settings)
    assert fold.note == f"1 classes have no training video; {ASIDE}"
    assert len(fold.classes) == 4
    write_csv(folder / "other.csv", table.assign(label="Some" + table["label"]))
    with pytest.raises(UserError, match="no class in common"):
        read_fold(folder / "other.csv", indexes[1], run_settings, settings)
    write_csv(folder / "none.csv", table.iloc[:0])
    with pytest.raises(UserError, match=r"none\.csv: no video has a class"):
        read_fold(indexes[0], folder / "none.csv", run_settings, settings)


def test_what_cannot_be_finetuned_is_said(
    model: Path, make_model: Callable[..., Path], indexes: tuple[Path, Path], tmp_path: Path
) -> None:
    large = FinetuneSettings.model_validate(SMALL | {"batch_size": 64})
    with pytest.raises(ValueError, match=r"16 training videos do not fill finetune\.batch_size"):
        finetune(model, *indexes, large, tmp_path / "1.csv")
    deaf = make_model(tmp_path / "audio.pt", modalities=["audio"])
    small = FinetuneSettings.model_validate(SMALL)
    with pytest.raises(UserError, match="has no video encoder"):
        finetune(deaf, *indexes, small, tmp_path / "1.csv")
    hot = FinetuneSettings.model_validate(SMALL | {"head_lr": 1e30, "base_lr": 1e30})
    with pytest.raises(Diverged, match=r"(the loss|norm) is (nan|inf) in epoch 1, step .*head_lr"):
        finetune(model, *indexes, hot, tmp_path / "1.csv")
    with pytest.raises(UserError, match="has diverged before: the"):
        finetune(model, *indexes, hot, tmp_path / "1.csv")
