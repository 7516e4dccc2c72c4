"""The comparison of two runs finds what differs, and nothing else."""

import shutil
from pathlib import Path

import pytest

from tests.compare_results import main


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    one = tmp_path / "one"
    for name, content in (
        ("pretrain/a/log.csv", "epoch,loss,clips_per_second\n1,0.5,10\n"),
        ("shards/a/train/00000.tar", "tar"),
        ("settings/config.yaml", "a: 1"),
        ("tables/costs.csv", "s\n1\n"),
    ):
        (one / name).parent.mkdir(parents=True, exist_ok=True)
        (one / name).write_text(content)
    shutil.copytree(one, tmp_path / "other")
    return one, tmp_path / "other"


def test_times_costs_and_settings_may_differ(runs: tuple[Path, Path]) -> None:
    (runs[1] / "pretrain/a/log.csv").write_text("epoch,loss,clips_per_second\n1,0.5,12\n")
    (runs[1] / "settings/config.yaml").write_text("a: 2")
    (runs[1] / "tables/costs.csv").write_text("s\n2\n")
    assert main(*runs) == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("pretrain/a/log.csv", "epoch,loss,clips_per_second\n1,0.6,10\n", "values differ in loss"),
        ("pretrain/a/log.csv", "epoch,cost\n1,0.5\n", "columns differ: cost, loss"),
        ("pretrain/a/log.csv", "epoch,loss\n1,0.5\n2,0.5\n", "1 rows and 2"),
        ("shards/a/train/00000.tar", "rat", "bytes differ"),
        ("shards/a/train/00001.tar", "tar", "only in one of them"),
    ],
)
def test_differences_are_named(
    runs: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str,
    words: str,
) -> None:
    (runs[1] / name).write_text(content)
    assert main(*runs) == 1
    assert f"{name}: {words}" in capsys.readouterr().out


def test_nothing_to_compare_is_a_failure(tmp_path: Path) -> None:
    assert main(tmp_path, tmp_path) == 1
