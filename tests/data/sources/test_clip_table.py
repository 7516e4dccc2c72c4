"""A table of clips without media."""

from pathlib import Path

import pandas as pd
import pytest

from selavi.data.index import stored_media
from selavi.data.schema import lasts, read_index
from selavi.data.sources.clip_table import ClipTable
from selavi.data.sources.factory import source_of
from selavi.files import UserError
from selavi.settings import DatasetSettings, SplitSettings


def outputs(folder: Path) -> list[Path]:
    return [folder / name for name in ("index.csv", "rejected.csv", "summary.csv")]


def test_an_index_without_media(tmp_path: Path) -> None:
    table = tmp_path / "clips.csv"
    table.write_text("key,label,speaker\nb,yes,2\na,no,1\n'=c,,3\n")
    source = ClipTable(table)
    assert (source.count(), source.has_classes()) == (3, True)
    assert source.class_counts() == {"yes": 1, "no": 1, "": 1}
    source.write_index(*outputs(tmp_path))
    index = read_index(tmp_path / "index.csv")
    assert index["sample"].tolist() == [0, 1, 2]
    assert index["key"].tolist() == sorted(index["key"])
    assert dict(zip(index["key"], index["speaker"], strict=True)).items() >= {
        "a": "1", "b": "2"
    }.items()  # fmt: skip
    assert not index[["frames", "samples", "width", "video_size"]].any().any()
    assert not lasts(index).any()
    assert stored_media(index) == {}
    assert pd.read_csv(tmp_path / "summary.csv")["videos"].tolist() == [3]


def test_classes_can_be_ignored_and_columns_named(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("clip;kind\na;x\nb;y\n")
    split = SplitSettings.model_validate(
        {"clips": "clips.csv", "columns": {"path": "clip", "label": "kind"}}
    )
    dataset = DatasetSettings(root=str(tmp_path), splits={"train": split})
    assert source_of(dataset, "train").has_classes()
    without = dataset.model_copy(update={"labels": "none"})
    source = source_of(without, "train")
    assert isinstance(source, ClipTable)
    assert not source.has_classes()
    rows = source.write_index(*outputs(tmp_path))
    assert rows["label"].tolist() == ["", ""]


def test_mistakes_in_the_table(tmp_path: Path) -> None:
    table = tmp_path / "clips.csv"
    with pytest.raises(UserError, match=r"does not exist; set the split's `clips`"):
        ClipTable(table).count()
    table.write_text("key\na\nb\na\n")
    with pytest.raises(UserError, match=r"names 1 clips twice, such as 'a'; keep one"):
        ClipTable(table).count()
    table.write_text("name\na\n")
    with pytest.raises(UserError, match=r"has no column 'key'; its columns: name"):
        ClipTable(table).count()


def test_an_index_of_media_still_needs_frames(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("key\na\n")
    ClipTable(tmp_path / "clips.csv").write_index(*outputs(tmp_path))
    damaged = pd.read_csv(tmp_path / "index.csv").assign(video_size=9, width=4, height=4)
    damaged.to_csv(tmp_path / "index.csv", index=False)
    with pytest.raises(UserError, match=r"is damaged: a has frames = '0'"):
        read_index(tmp_path / "index.csv")
