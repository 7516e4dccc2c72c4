"""Tables with numbers that no clip has, or without a column."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.data.index import write_index
from selavi.data.schema import (
    CHECKSUMS,
    number_of_clusters,
    read_assignments,
    read_index,
    read_manifest,
    read_views,
)
from selavi.files import PART_ROWS, UserError, write_csv


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("video_offset", "-512"), ("video_size", "1e30"), ("audio_size", "nan"), ("frames", "0"),
        ("width", "9" * 5000), ("height", "48.5"), ("fps", "many"), ("samples", "inf"),
        ("video_crc", "-1"), ("audio_crc", "4294967296"),
    ],
)  # fmt: skip
def test_numbers_in_tables_that_no_clip_has(
    train_index: Path, tmp_path: Path, column: str, value: str
) -> None:
    outputs = [tmp_path / f"{name}.csv" for name in ("index", "rejected", "summary")]
    for file in ("index.csv", "00000.csv"):
        rows = pd.read_csv(train_index.with_name(file), dtype=str, keep_default_na=False)
        rows.loc[1, column] = value
        rows.to_csv(tmp_path / file, index=False)
        words = rf"{file} is damaged: {rows['key'][1]} has {column} = .*; remove that file and run"
        with pytest.raises(UserError, match=words):
            if file == "index.csv":
                read_index(tmp_path / file)
            else:
                write_index([tmp_path / file], *outputs)
    rows.drop(columns=column).to_csv(tmp_path / "00000.csv", index=False)
    if column in CHECKSUMS:  # shards made before do not have them
        return
    with pytest.raises(UserError, match=f"has no column '{column}'"):
        write_index([tmp_path / "00000.csv"], *outputs)


def test_tables_without_a_column_are_named(train_index: Path, tmp_path: Path) -> None:
    skipped = tmp_path / "skipped.csv"
    skipped.write_text("suffix,example\n.txt,a.txt\n")
    outputs = [tmp_path / f"{name}.csv" for name in ("index", "rejected", "summary")]
    with pytest.raises(UserError, match=f"{skipped} has no column 'files'"):
        write_index([train_index.with_name("00000.csv")], *outputs, skipped)
    with pytest.raises(UserError, match=r"index\.csv has no column 'reason'"):
        read_manifest(train_index)
    with pytest.raises(UserError, match=r"index\.csv has no column 'kilobytes'"):
        read_index(train_index, needed=("kilobytes",))


def assigned(count: int) -> pd.DataFrame:
    """Assignments by two heads, with names that are hard to keep."""
    names = ["007", "NA", "=1+1", "a\nb", '",', "'@x", ""]
    keys = [names[n % len(names)] for n in range(count)]
    clusters = np.arange(count) % 300 - 1
    columns = {"sample": range(count), "cluster": clusters, "margin": 0.25, "second": 7, "head": 1}
    for head in ("video+audio_head0", "video_head10"):
        columns |= {head: clusters, f"{head}_confidence": 0.5, f"{head}_margin": 1 / 3}
    return pd.DataFrame({"id": keys, "key": keys, "path": keys, "label": keys} | columns)


def test_views_are_read_as_assignments_are(tmp_path: Path) -> None:
    csv = tmp_path / "train.csv"
    write_csv(csv, assigned(2 * PART_ROWS + 5).assign(**{"1+1_mine": "03"}))
    whole, views = read_assignments(csv), read_views(csv, ("cluster",))
    left_out = {"video+audio_head0_confidence", "video_head10_confidence"}
    assert set(whole) - set(views) == left_out
    assert views["1+1_mine"].unique().tolist() == ["03"]  # a user's column is text
    for name in set(views) - {"1+1_mine"}:
        if views[name].dtype == "str":
            assert views[name].tolist() == whole[name].tolist()
        else:
            np.testing.assert_allclose(views[name], whole[name], rtol=1e-6)
    assert views["video_head10"].dtype == np.int16
    assert views["video_head10_margin"].dtype == np.float32


@pytest.mark.parametrize("value", ["many", "", "70000"])
def test_views_of_a_damaged_table_name_the_file(tmp_path: Path, value: str) -> None:
    csv = tmp_path / "train.csv"
    table = assigned(3).astype({"video_head10": object})
    table.loc[1, "video_head10"] = value
    write_csv(csv, table)
    with pytest.raises(UserError, match=r"train\.csv is not a valid CSV file"):
        read_views(csv, ("cluster",))
    write_csv(csv, assigned(3))
    with pytest.raises(UserError, match=r"train\.csv has no column 'reason'"):
        read_views(csv, ("reason",))
    with pytest.raises(UserError, match=r"none\.csv does not exist"):
        read_views(tmp_path / "none.csv", ())


def test_clusters_that_only_another_head_uses_are_counted() -> None:
    table = pd.DataFrame({"cluster": [0, 2], "head": 0, "audio_head1": [5, -1]})
    assert number_of_clusters(table) == 6
    assert number_of_clusters(table, 8) == 8
    with pytest.raises(UserError, match="clusters is 5, but the assignments have cluster 5"):
        number_of_clusters(table, 5)
    assert number_of_clusters(table.assign(head_clusters="7 9"), 8) == 7
    assert number_of_clusters(table[:0]) == 0
