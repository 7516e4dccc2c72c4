"""What is said before a run, on real videos and a real machine."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from selavi.preflight.estimate import estimate
from selavi.preflight.files import read_config, read_profile
from selavi.preflight.slurm import _gpus, _minutes
from selavi.preflight.sources import sample_of, source_of

REPOSITORY = Path(__file__).parents[2]
DEMO = REPOSITORY / "config/demo.yaml"


def selavi(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "selavi", *arguments], cwd=REPOSITORY,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def own(demo_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's settings on a folder of 24 good training videos and five that are not."""
    raw = yaml.safe_load(DEMO.read_text())
    raw["datasets"]["demo"] |= {"root": str(demo_videos), "embedded": None}
    path = tmp_path_factory.mktemp("config") / "own.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def test_videos_are_counted_and_a_few_taken(own: Path, tmp_path: Path) -> None:
    dataset = read_config([own]).datasets["demo"]
    assert source_of(dataset, "train").videos == 24 + 5
    rows = sample_of(dataset, "train", tmp_path)
    assert rows is not None and len(rows) == 3
    assert rows["path"].is_unique
    assert source_of(read_config([DEMO]).datasets["demo"], "test").videos == 200


def test_costs_grow_with_what_is_asked(own: Path) -> None:
    config = read_config([own])
    costs = {cost.stage: cost for cost in estimate(config)}
    assert set(costs) == {"shard", "pretrain", "assign", "baselines"}
    assert all(cost.cpu_hours > 0 for cost in costs.values())
    # 24 + 5 + 8 videos; the fixture's shards hold about 30 kB a video
    assert 37 * 5e3 < costs["shard"].stored < 37 * 200e3
    assert costs["pretrain"].cpu_hours + costs["pretrain"].gpu_hours > costs["assign"].cpu_hours


def test_estimate_is_a_table(own: Path) -> None:
    done = selavi("estimate", "--configfile", str(own))
    assert done.returncode == 0, done.stderr
    for word in ("shard", "pretrain", "CPU hours", "GPU hours", "disk, GB"):
        assert word in done.stdout


def test_doctor_finds_nothing_wrong_here(own: Path) -> None:
    done = selavi("doctor", "--configfile", str(own))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing stands in the way" in done.stdout
    assert "29 videos" in done.stdout


def test_doctor_names_what_is_missing(own: Path, tmp_path: Path) -> None:
    raw = yaml.safe_load(own.read_text())
    raw["datasets"]["demo"]["root"] = str(tmp_path / "absent")
    path = tmp_path / "absent.yaml"
    path.write_text(yaml.safe_dump(raw))
    done = selavi("doctor", "--configfile", str(path))
    assert done.returncode == 1
    words = " ".join(done.stdout.split())
    assert "demo/train" in words and "is not a folder; set the dataset's root" in words
    done = selavi("doctor", "--configfile", str(tmp_path / "none.yaml"))
    assert done.returncode == 1
    assert "such file or directory" in " ".join(done.stdout.split())


def test_doctor_says_that_slurm_is_not_here(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # where no command is, Slurm's neither
    done = selavi("doctor", "--profile", "slurm", "--configfile", str(own))
    assert done.returncode == 1
    assert "login node" in done.stdout


def test_profiles_and_configurations_are_read_as_snakemake_does(tmp_path: Path) -> None:
    over = tmp_path / "over.yaml"
    over.write_text("defaults: {training: {epochs: 3}}\n")
    run = read_config([DEMO, over]).runs["demo"]
    assert (run.training.epochs, run.training.batch_size) == (3, 32)
    path, content = read_profile(str(REPOSITORY / "profiles/slurm"))
    assert content["executor"] == "slurm" and path is not None and path.name == "config.yaml"


def test_slurms_words() -> None:
    assert _minutes("2-03:04:00") == 2 * 1440 + 3 * 60 + 4
    assert _minutes("30:00") == 30
    assert _minutes("infinite") is None
    assert [_gpus(text) for text in ("gpu:4", "gpu:a100:2", "gpu", "")] == [4, 2, 1, 0]
