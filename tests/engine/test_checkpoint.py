"""Checkpoints of one process: kept, read back, damaged, moved aside."""

import logging
from pathlib import Path

import pytest
import torch

from selavi.engine.checkpoint import Checkpoints
from selavi.engine.process_group import Group
from selavi.files import UserError
from selavi.settings import MachineSettings
from selavi.tensor_files import read_tensors, write_tensors

ALONE = Group(0, 1, torch.device("cpu"))


def checkpoints(folder: Path, fingerprint: str = "a", **machine: float) -> Checkpoints:
    return Checkpoints(folder / "state", fingerprint, MachineSettings.model_validate(machine))


def write(kept: Checkpoints, *places: tuple[int, int]) -> None:
    for epoch, clips in places:
        kept.write(epoch, clips, {"epoch": epoch}, {"own": torch.full((3,), clips)}, ALONE)


def test_the_newest_is_read_back_with_its_random_state(tmp_path: Path) -> None:
    kept = checkpoints(tmp_path)
    assert kept.newest(ALONE) is None
    torch.manual_seed(3)
    write(kept, (0, 8), (0, 12), (1, 0))
    expected = torch.rand(4)
    newest = checkpoints(tmp_path).newest(ALONE)
    assert newest is not None
    assert newest.shared == {"epoch": 1} and newest.world == 1
    assert torch.equal(newest.own[0]["own"], torch.zeros(3, dtype=torch.int64))
    newest.restore_random(ALONE, 0)
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.parametrize("keep", [1, 3])
def test_as_many_as_set_are_kept(tmp_path: Path, keep: int) -> None:
    kept = checkpoints(tmp_path, checkpoints_kept=keep)
    write(kept, *((epoch, 0) for epoch in range(5)))
    names = [path.name for path in kept.all()]
    assert names == [f"step-{epoch:06d}-{0:012d}" for epoch in range(5 - keep, 5)]


def test_a_place_that_has_one_is_not_written_again(tmp_path: Path) -> None:
    kept = checkpoints(tmp_path)
    write(kept, (2, 4))
    kept.write(2, 4, {"epoch": 99}, {}, ALONE)
    newest = kept.newest(ALONE)
    assert newest is not None and newest.shared == {"epoch": 2}


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "state/.step-000000-000000000004.part"
    left.mkdir(parents=True)
    (left / "rank-0.pt").write_bytes(b"half")
    write(checkpoints(tmp_path), (0, 8))
    assert not left.exists()


def test_a_damaged_one_falls_back_and_is_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = checkpoints(tmp_path)
    write(kept, (0, 4), (0, 8))
    damaged = kept.all()[-1]
    content = bytearray((damaged / "rank-0.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / "rank-0.pt").write_bytes(content)
    newest = kept.newest(ALONE)
    assert newest is not None and int(newest.own[0]["own"][0]) == 4
    assert not damaged.exists()
    assert f"{damaged / 'rank-0.pt'} is damaged" in caplog.text
    (kept.all()[-1] / "shared.pt").write_bytes(b"")
    with pytest.raises(
        UserError, match=r"no checkpoint in .*state can be read; remove that folder"
    ):
        kept.newest(ALONE)
    assert len(kept.all()) == 1


def test_those_of_other_settings_are_moved_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(checkpoints(tmp_path), (0, 4))
    for number in ("", "-2"):
        other = checkpoints(tmp_path, f"other{number}")
        assert other.newest(ALONE) is None
        assert (tmp_path / f"state.earlier{number}").is_dir()
        write(other, (0, 8))
    assert "settings or clips have changed" in caplog.text


def test_another_format_is_refused_and_kept(tmp_path: Path) -> None:
    kept = checkpoints(tmp_path)
    write(kept, (0, 4), (0, 8))
    file = kept.all()[-1] / "shared.pt"
    write_tensors(file, read_tensors(file) | {"format": "selavi-checkpoint-0"})
    with pytest.raises(UserError, match="format selavi-checkpoint-0, this version reads"):
        kept.newest(ALONE)
    assert len(kept.all()) == 2


def test_another_number_of_processes_seeds_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    write(checkpoints(tmp_path), (0, 4))
    newest = checkpoints(tmp_path).newest(ALONE)
    assert newest is not None
    newest.restore_random(Group(1, 2, ALONE.device), 7)
    drawn = torch.rand(2)
    Group(1, 2, ALONE.device).seed(7)
    assert torch.equal(torch.rand(2), drawn)
    assert "saved by 1 processes, resuming with 2" in caplog.text


def test_when_one_is_due(tmp_path: Path) -> None:
    assert checkpoints(tmp_path, checkpoint_minutes=0.0).due(ALONE)
    assert not checkpoints(tmp_path, checkpoint_minutes=1000.0).due(ALONE)


def test_a_content_that_does_not_fit_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    kept = checkpoints(tmp_path)
    with (
        pytest.raises(UserError, match=r"does not fit this run \('epoch'\); remove that folder"),
        kept.explain_misfit(),
    ):
        raise KeyError("epoch")
