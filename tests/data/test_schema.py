"""Tables with numbers that no clip has, or without a column."""

from pathlib import Path

import pandas as pd
import pytest

from selavi.data.index import write_index
from selavi.data.schema import CHECKSUMS, read_index, read_manifest
from selavi.files import UserError


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
