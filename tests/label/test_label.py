"""Labelling real files with a model: the rows, what is wrong with files, resuming."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from selavi.cli import main
from selavi.data.schema import LABELS
from selavi.files import read_csv

TEXT = ("name", "modalities", "duplicate_of", "reason", "detail")


def labelled(*arguments: object, status: int = 0) -> pd.DataFrame:
    """Run `selavi label`; the last argument is the output folder."""
    *rest, output = arguments
    command = ["label", *map(str, rest), "--output", str(output), "--workers", "1"]
    assert main(command) == status
    table = read_csv(Path(str(output)) / "labels.csv", ("path", *TEXT))
    assert tuple(table.columns) == LABELS
    return table


def test_a_folder_of_good_mute_and_broken_files(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    make_video(videos / "both.mp4", 2)
    make_video(videos / "sub/mute.mkv", 2, audio=False)
    make_video(videos / "long.mp4", 31.5, size="32x32", fps="10")
    (videos / "broken.mp4").write_bytes(b"no video" * 100)
    (videos / "empty.mov").touch()
    (videos / "notes.txt").write_text("no video")
    table = labelled(videos, "--model", label_model, tmp_path / "out")
    rows = table.assign(path=[Path(p).name for p in table["path"]])
    assert rows["path"].tolist() == [
        "both.mp4", "broken.mp4", "empty.mov", *["long.mp4"] * 4, "mute.mkv",
    ]  # fmt: skip
    assert rows["reason"].tolist() == ["", "unreadable", "empty-file", *[""] * 5]
    assert rows["modalities"].tolist() == ["video+audio", "", "", *["video+audio"] * 4, "video"]
    long = rows[rows["path"] == "long.mp4"]
    assert long["start"].tolist() == [0, 10, 20, 30]
    assert long["end"].tolist()[:3] == [10, 20, 30] and math.isclose(
        long["end"].iloc[3], 31.5, abs_tol=0.05
    )
    good = table[table["reason"] == ""]
    assert good["cluster"].isin(range(4)).all() and (good["cluster"] != good["second"]).all()
    assert good["confidence"].between(0.25, 1).all() and good["margin"].ge(0).all()
    clusters = read_csv(tmp_path / "out/clusters.csv")
    assert clusters["windows"].sum() == 6


def test_nothing_to_label_leaves_no_folder(label_model: Path, tmp_path: Path) -> None:
    command = ["label", str(tmp_path / "absent"), "--model", str(label_model), "--output"]
    assert main([*command, str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()


def test_only_new_files_are_decoded(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    """Not those of before, nor those of a killed call; an edited file is a new one."""
    videos, out = tmp_path / "videos", tmp_path / "out"
    for name in "abc":
        make_video(videos / f"{name}.mp4", 2, hertz=300 + 100 * ord(name))
    first = labelled(videos, "--model", label_model, out)
    [shards] = out.glob("work/clips-*")
    [tar] = shards.glob("*.tar")
    before = tar.stat()
    [predictions] = shards.glob("*.npz")
    for path in (predictions, out / "labels.csv"):
        path.unlink()  # as if killed after the shard
    make_video(videos / "aa.mp4", 2, hertz=5000)
    make_video(videos / "c.mp4", 2.5, hertz=700)
    second = labelled(videos, "--model", label_model, out)
    assert tar.stat().st_mtime_ns == before.st_mtime_ns and predictions.exists()
    tables = [read_csv(path) for path in sorted(shards.glob("[0-9]*.csv"))]
    stored = [[Path(path).name for path in table["path"]] for table in tables]
    assert stored == [["a.mp4", "b.mp4", "c.mp4"], ["aa.mp4", "c.mp4"]]
    assert [Path(path).name for path in second["path"]] == ["a.mp4", "aa.mp4", "b.mp4", "c.mp4"]
    pd.testing.assert_frame_equal(second.iloc[[0, 2]].reset_index(drop=True), first.iloc[:2])
    predictions.write_bytes(predictions.read_bytes()[:100])  # as a full disk may leave it
    third = labelled(videos, "--model", label_model, out)
    pd.testing.assert_frame_equal(third, second)


def test_copies_repeat_the_first(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    first = make_video(videos / "a b.mp4", 2)
    shutil.copy(first, videos / "z.mp4")
    (videos / "link.mp4").symlink_to(first)
    table = labelled(videos, videos / "z.mp4", "--model", label_model, tmp_path / "out")
    assert [Path(path).name for path in table["path"]] == ["a b.mp4", "z.mp4"]
    assert table["duplicate_of"].tolist() == ["", f"{first}#t=0,2"]


def test_a_table_of_parts(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    """Paths start from the table's folder; parts that are not there have a reason."""
    make_video(tmp_path / "videos/a.mp4", 6)
    table = tmp_path / "videos/parts.csv"
    table.write_text("path,start,end\na.mp4,1,3.5\na.mp4,4,99\na.mp4,8,9\nnone.mp4,,\na.mp4,3,2\n")
    rows = labelled(table, "--model", label_model, tmp_path / "out")
    found = rows.assign(path=[Path(path).name for path in rows["path"]])
    assert found[["path", "start", "reason"]].values.tolist()[:4] == [
        ["a.mp4", 1, ""], ["a.mp4", 3, "bad-segment"],
        ["a.mp4", 4, ""], ["a.mp4", 8, "bad-segment"],
    ]  # fmt: skip
    assert found["reason"].iloc[4] == "missing" and math.isnan(found["start"].iloc[4])
    assert math.isclose(found["end"].iloc[2], 6, abs_tol=0.1)
