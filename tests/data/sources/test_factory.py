"""Which source a split has by its settings, and what each kind knows before anything is made."""

from pathlib import Path
from typing import Any

import pytest

from selavi.data.sources.demo import Demo
from selavi.data.sources.factory import configured_source, source_of
from selavi.data.sources.folder import Folder
from selavi.data.sources.source import Source
from selavi.data.sources.subset import Subset
from selavi.data.sources.table import Table
from selavi.data.sources.webdataset import WebDataset
from selavi.files import UserError
from selavi.settings import DatasetSettings


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


@pytest.fixture
def datasets(tmp_path: Path) -> dict[str, DatasetSettings]:
    touch(tmp_path, "train/cat/a.mp4", "train/dog/b.mp4", "train/dog/c.mp4", "flat/d.mp4")
    touch(tmp_path, "train/readme.txt")
    (tmp_path / "list.csv").write_text("path,label\ntrain/cat/a.mp4,Cat\nflat/d.mp4,\n")
    (tmp_path / "00000.tar").write_bytes(bytes(1024))
    splits: dict[str, Any] = {
        "train": {},
        "plain": {"folder": "flat"},
        "listed": {"table": "list.csv"},
        "made": {"tars": ["0000{0..1}.tar", "https://example.org/2.tar"]},
        "dogs": {"of": "train", "classes": ["Dog"]},
        "of_made": {"of": "made", "classes": ["Dog"]},
    }
    own = DatasetSettings.model_validate({"root": str(tmp_path), "splits": splits})
    other = {"root": str(tmp_path), "splits": {"cats": {"of": "own/listed", "classes": ["cat"]}}}
    embedded = {"classes": 3, "train_per_class": 4, "test_per_class": 2}
    demo = {
        "root": str(tmp_path / "demo"),
        "embedded": embedded,
        "splits": {"train": {}, "test": {}, "some": {"of": "train", "classes": ["0 bell"]}},
    }
    return {
        "own": own,
        "other": DatasetSettings.model_validate(other),
        "demo": DatasetSettings.model_validate(demo),
    }


@pytest.mark.parametrize(
    ("name", "split", "kind", "stage", "count", "labelled"),
    [
        ("own", "train", Folder, "shard", 3, True),
        ("own", "plain", Folder, "shard", 1, False),
        ("own", "listed", Table, "shard", 2, True),
        ("own", "made", WebDataset, "import_shards", None, True),
        ("own", "dogs", Subset, "subset", 2, True),
        ("own", "of_made", Subset, "subset", None, True),
        ("other", "cats", Subset, "subset", 1, True),
        ("demo", "train", Demo, "shard", 12, True),
        ("demo", "test", Demo, "shard", 6, True),
        ("demo", "some", Subset, "subset", None, True),
    ],
)
def test_each_kind(
    datasets: dict[str, DatasetSettings],
    name: str,
    split: str,
    kind: type[Source],
    stage: str,
    count: int | None,
    labelled: bool,
) -> None:
    source = configured_source(datasets, name, split)
    assert type(source) is kind
    assert source.stage == stage
    assert source.count() == count
    assert source.has_classes() is labelled


def test_labels_none_takes_no_classes(datasets: dict[str, DatasetSettings]) -> None:
    without = datasets["own"].model_copy(update={"labels": "none"})
    for split in ("train", "listed", "made"):
        assert not source_of(without, split).has_classes(), split


def test_what_names_videos_is_told_apart_from_them(
    datasets: dict[str, DatasetSettings], tmp_path: Path
) -> None:
    assert source_of(datasets["own"], "listed").files() == [tmp_path / "list.csv"]
    assert source_of(datasets["own"], "train").files() == []
    made = source_of(datasets["own"], "made")
    assert isinstance(made, WebDataset)
    assert [made.shard(n) for n in range(3)] == [
        str(tmp_path / "00000.tar"), str(tmp_path / "00001.tar"), "https://example.org/2.tar",
    ]  # fmt: skip
    assert made.state(0) == [1024, (tmp_path / "00000.tar").stat().st_mtime_ns]
    assert made.state(1) is made.state(2) is None
    with pytest.raises(UserError, match=r"00001.tar does not exist; set the split's `tars`"):
        made.stored()
    (tmp_path / "00001.tar").write_bytes(bytes(10))
    assert made.stored() == 1034


def test_a_split_that_is_not_there(datasets: dict[str, DatasetSettings]) -> None:
    with pytest.raises(UserError, match="no split 'val'; the dataset has train, plain"):
        source_of(datasets["own"], "val")
