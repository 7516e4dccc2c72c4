"""config/zoo.yaml: a released model, got from a local server, evaluated without training."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from selavi.cli import main
from selavi.evaluation.assign import assign
from selavi.models.zoo import FOLDER
from tests.models.file_server import Files, serve
from tests.models.released import checkpoint
from tests.workflow.running import ENVIRONMENT, copy_workflow, selavi_run

CLIPS = {"short_side": 32, "fps": 8.0, "audio_rate": 16000}
VIEW = {"scale_min": 32, "scale_max": 32, "crop": 32}
# Kinetics-Sound goes with Kinetics.
GONE = dict.fromkeys(["vgg-sound", "kinetics", "ave", "ucf101", "hmdb51"])
CONFIG = ("--configfile", "config/paper.yaml", "config/zoo.yaml", "small.yaml")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    """The workflow, and a small dataset in place of AVE, UCF-101 and HMDB-51."""
    folder = copy_workflow(tmp_path_factory.mktemp("zoo"))
    for number in range(8):
        split, label = ("train", "test")[number % 2], ("Bark", "Horn")[number // 2 % 2]
        path = folder / f"mini/{split}/{label}/{number}.mp4"
        make_video(path, size="64x48", fps="10", hertz=300 + 50 * number)
    small = {
        "datasets": GONE | {
            "mini": {
                "root": "mini", "media": CLIPS,
                "splits": {"train": {"shards": 1}, "test": {"shards": 1}},
            },
        },
        "runs": {
            "ave": {
                "dataset": "mini",
                "network": {"heads": 2, "hidden": 12}, "video": {"frames": 8, "fps": 8.0} | VIEW,
            }
        },
        "machine": {"workers": 0, "threads": 1, "precision": "float32"},
        "baselines": {"runs": []},
        "explorer": {"clips_per_cluster": 2},
        "retrieval": {"datasets": {"mini": [0]}, "frames": 8, "clips": 2, "crop": 32},
        "finetune": {
            "datasets": {"mini": [0]}, "frames": 8, "clips": 2, "epochs": 2, "batch_size": 4,
        } | VIEW,
    }  # fmt: skip
    (folder / "small.yaml").write_text(yaml.safe_dump(small))
    return folder


def test_a_released_model_is_evaluated_without_training(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER, str(project / "models"))
    monkeypatch.setitem(ENVIRONMENT, FOLDER, str(project / "models"))
    output = selavi_run(project, *CONFIG, code=1)
    assert "runs.ave.weights: zoo:ave is not on this machine: run `selavi zoo get ave`" in output
    file = project / "released.pth"
    torch.save(checkpoint(heads=10, clusters=28)[1], file, _use_new_zipfile_serialization=False)
    with serve(Files({"/ave.pth": file.read_bytes()}, cuts=[9_000_000, 0])) as files:
        command = ["zoo", "get", "ave", "--from", f"{files.url}/ave.pth"]
        assert main(command) == 1
        assert main(command) == 0
        assert files.asked[-1] == ("/ave.pth", "bytes=9000000-")
    output = selavi_run(project, *CONFIG, code=1)
    assert "the run's settings contradict zoo:ave: network.heads = 2, not 10; set them" in output
    (project / "fits.yaml").write_text("runs: {ave: {network: {heads: 10}}}")
    output = selavi_run(project, *CONFIG, "fits.yaml")
    assert not (project / "results/pretrain/ave/state").exists()
    assert not (project / "results/figures/ave/training.svg").exists()
    assign(
        Path("zoo:ave"), project / "results/shards/mini/test/index.csv",
        project / "by-hand.csv", project / "by-hand.pkl",
    )  # fmt: skip
    by_hand = pd.read_csv(project / "by-hand.csv")
    assert by_hand["cluster"].between(0, 27).all() and len(by_hand) == 4
    pd.testing.assert_frame_equal(pd.read_csv(project / "results/assign/ave/test.csv"), by_hand)
    for stage, score in (("retrieval", "recall_at_1"), ("finetune", "video_top1")):
        scores = pd.read_csv(project / f"results/{stage}/ave/mini/0.csv")
        assert scores[score].dropna().between(0, 1).any()
        table = pd.read_csv(project / f"results/tables/{stage}.csv")
        assert "ave" in set(table["run"])
    clustering = pd.read_csv(project / "results/tables/clustering.csv").set_index("run")
    assert set(clustering.loc[["ave"], "split"]) == {"train", "test"}
    assert (project / "results/explorer/ave/index.html").is_file()
