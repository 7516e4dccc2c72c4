"""`selavi label` without a model: it trains one with the workflow, and labels with it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from selavi.cli import main
from selavi.files import read_csv, write_csv
from selavi.running import recipe
from selavi.settings.presets import PRESETS
from tests.reporting.pages import run_of


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of four steps."""
    monkeypatch.setattr(recipe, "STEPS", 4)
    small = PRESETS["small"]["training"] | {"epochs": 2, "warmup_epochs": 1}
    monkeypatch.setitem(PRESETS["small"], "training", small)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)  # the same network everywhere


def labels_of(output: Path) -> pd.DataFrame:
    table = read_csv(output / "labels.csv", ("path", "name", "modalities", "reason"))
    return table.rename(columns={"name": "cluster_name"}).assign(
        name=[Path(path).name for path in table["path"]]
    )


@pytest.mark.usefixtures("brief")
def test_a_folder_becomes_labels_with_one_command(
    demo_videos: Path,
    make_video: Callable[..., Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    videos, output = tmp_path / "videos", tmp_path / "out"
    shutil.copytree(demo_videos / "train", videos)
    make_video(videos / "mute.mp4", 2, audio=False)
    command = ["label", str(videos), "--output", str(output), "--preset", "small"]
    assert main(command) == 0
    said = capfd.readouterr()
    assert "25 windows of 25 files have video and audio; 3 clusters (auto" in said.out
    assert "the small network, as asked; 2 epochs in batches of 12, 4 steps" in said.out
    assert "estimated time: " in said.out and "the same command resumes" in said.out
    assert "estimate, from rates measured here" not in said.out + said.err
    assert "✓ [4/4] pretrain" in said.err
    assert str(output / "labels.csv") in said.out
    labels = labels_of(output).set_index("name")
    assert len(labels) == len([path for path in videos.rglob("*") if path.is_file()])
    good = labels[labels["reason"] == ""]
    assert len(good) == 26 and good["cluster"].between(0, 2).all()
    assert labels.loc["mute.mp4", "modalities"] == "video"
    assert (good["modalities"] == "video+audio").sum() == 24
    run = run_of(output / "explorer/index.html")
    assert len(run["curves"]["epoch"]) == 2
    sizes = next(iter(run["prescribed"].values()))
    assert len(sizes) == 3 and sum(sizes) == pytest.approx(24) and sizes == sorted(sizes)[::-1]
    model = output / "results/pretrain/videos/model.pt"
    made = model.stat().st_mtime_ns

    # One more file: no training.
    make_video(videos / "new.mp4", 2)
    assert main(command) == 0
    assert "pretrain" not in capfd.readouterr().err
    assert len(labels_of(output)) == len(labels) + 1
    assert model.stat().st_mtime_ns == made

    # A run that was killed in training resumes; --retrain begins anew, with the names.
    names = read_csv(output / "names.csv", ("name",))
    largest = read_csv(output / "clusters.csv")["cluster"].iloc[0]
    names.loc[names["cluster"] == largest, "name"] = "a name of mine"
    write_csv(output / "names.csv", names)
    model.unlink()
    assert main(command) == 0
    assert "resuming the training" in capfd.readouterr().err
    assert main([*command, "--clusters", "5"]) == 1
    assert "was trained with clusters = the default, not 5" in capfd.readouterr().err
    assert main([*command, "--clusters", "5", "--retrain"]) == 0
    assert "26 windows of 26 files have video and audio; 5 clusters (as asked" in (
        capfd.readouterr().out
    )
    config = yaml.safe_load((output / "config.yaml").read_text())
    assert config["runs"]["videos"]["network"]["clusters"] == 5
    labels = labels_of(output)
    assert labels["cluster"].dropna().between(0, 4).all()
    assert "a name of mine" in labels["cluster_name"].tolist()


@pytest.mark.usefixtures("brief")
def test_an_installed_encoder_is_taken(
    demo_videos: Path,
    make_video: Callable[..., Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Clips of the training have the same features when they are labelled."""
    videos, output = tmp_path / "videos", tmp_path / "out"
    shutil.copytree(demo_videos / "train", videos)
    command = ["label", str(videos), "--output", str(output)]
    assert main(command) == 0
    said = capfd.readouterr()
    assert "heads on an encoder trained on ImageNet and on log-mel statistics, since" in said.out
    assert "embed" in said.err and "pretrain" in said.err
    labels = labels_of(output).set_index("path")
    good = labels[labels["reason"] == ""]
    embedded = output / "results/embed/imagenet/video/videos/train/00000.npz"
    with np.load(embedded, allow_pickle=False) as features:
        assert len(features["ids"]) == (good["modalities"] == "video+audio").sum() == 24

    make_video(videos / "mute.mp4", 12, audio=False)
    assert main(command) == 0
    assert "pretrain" not in capfd.readouterr().err
    later = labels_of(output).set_index("path")
    mute = later[later["name"] == "mute.mp4"].iloc[0]
    assert mute["modalities"] == "video" and mute["cluster"] >= 0
    assert later.loc[good.index, "cluster"].equals(good["cluster"])
    run = run_of(output / "explorer/index.html")
    assert [row["clusters"] for row in run["levels"]] == [2, 3, 5]
    chosen = next(row["clusters"] for row in run["levels"] if row["selected"])
    assert run["views"][run["selected"]]["clusters"] == chosen
