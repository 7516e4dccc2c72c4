"""Pages of several splits: clips of the same id stay apart."""

from pathlib import Path

import pytest

from selavi.cli import main
from selavi.data.schema import read_index
from selavi.reporting.explorer import make_explorer
from tests.conftest import make_split
from tests.reporting.pages import ids_of, read_column, run_of
from tests.reporting.test_explorer import assignments, index

__all__ = ["index"]  # a fixture


def test_splits_of_one_page_keep_clips_of_the_same_id_apart(index: Path, tmp_path: Path) -> None:
    """Ids are of paths below the split's folder: two splits may have the same."""
    other = make_split(index.parent / "videos/train", tmp_path / "other", shards=2)
    assert read_index(other)["id"].tolist() == read_index(index)["id"].tolist()
    page = tmp_path / "page/index.html"
    splits = [
        (assignments(index, [0, 0, 0, 1, 1, 1]), index),
        (assignments(other, [2, 2, 2, 0, 0, 0]), other),
    ]
    make_explorer(splits, page, title="both", clips_per_cluster=12)
    assert read_column(page, "cluster-0").tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0]
    assert read_column(page, "split").tolist() == [0] * 6 + [1] * 6
    assert run_of(page)["splits"] == ["assignments", "assignments"]
    assert len(set(ids_of(page))) == 12
    assert {path.stem for path in (page.parent / "clips").iterdir()} == set(ids_of(page))
    alone = tmp_path / "alone/index.html"
    make_explorer(splits[:1], alone, title="first")
    for path in (alone.parent / "clips").iterdir():  # the first split's ids are as they were
        assert (page.parent / "clips" / path.name).read_bytes() == path.read_bytes()


def test_the_command_takes_an_index_for_each_split(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, page = str(assignments(index, [0] * 6)), str(tmp_path / "index.html")
    two = ["explorer", "--assignments", table, table, "--output", page]
    assert main([*two, "--index", str(index)]) == 1
    assert "there are 2 files of assignments and 1 indexes" in capsys.readouterr().err
    assert main([*two, "--index", str(index), str(index)]) == 0
    assert run_of(Path(page))["clips"] == 12
