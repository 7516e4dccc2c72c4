"""Labelling real files with a model: the rows, what is wrong with files, resuming."""

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

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


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "model.pt")


def test_a_folder_of_good_mute_and_broken_files(
    model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    make_video(videos / "both.mp4", 2)
    make_video(videos / "sub/mute.mkv", 2, audio=False)
    make_video(videos / "long.mp4", 31.5, size="32x32", fps="10")
    (videos / "broken.mp4").write_bytes(b"no video" * 100)
    (videos / "empty.mov").touch()
    (videos / "notes.txt").write_text("no video")
    table = labelled(videos, "--model", model, tmp_path / "out")
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
