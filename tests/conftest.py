"""Small real videos, shards and settings, made once for all tests."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings

os.environ["OMP_NUM_THREADS"] = "1"  # before torch: tests run side by side, one thread each

import torch

from selavi.config_file import parse
from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.shards.writer import write_shard
from selavi.data.sources.demo_dataset import make_demo_dataset
from selavi.data.sources.folder import Folder
from selavi.models.checkpoint import build_network, save_model
from selavi.settings import Config, MediaSettings, RunSettings

REPOSITORY = Path(__file__).parent.parent
settings.register_profile("same", derandomize=True)  # the same examples in every run
settings.load_profile("same")
# Before a command that gets a /dev/shm of its own: PRIVATE, SMALL_SHM, "sh", its size.
SMALL_SHM = 'mount -t tmpfs -o size="$1" tmpfs /dev/shm && shift && exec "$@"'
PRIVATE = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
MEDIA = MediaSettings(short_side=48, fps=16.0, audio_rate=16000, min_seconds=1.1)

MARKED_FOLDERS = ("browser", "slurm", "workflow")  # a folder's tests have its name as a marker
# Workers begin with these folders, so that none is left with a long file at the end.
LONGEST = ("slurm", "workflow", "training", "cluster", "evaluation")


def pytest_configure(config: pytest.Config) -> None:
    """Rates and the like are kept for these tests alone, by all workers in one folder."""
    if not hasattr(config, "workerinput"):
        os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="selavi-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder; begin with the longest; skip what is marked `gpu` where there is none."""
    for item in items:
        folder = item.path.parent.name
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="needs a GPU, and torch finds none"))
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.parent.name, len(order)))


@pytest.fixture(scope="session")
def demo_videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """{train,test}/{class}/*.mp4: 4 classes of 6 + 2 videos, and the five broken ones."""
    root = tmp_path_factory.mktemp("videos")
    make_demo_dataset(root, classes=4, train_per_class=6, test_per_class=2, workers=1)
    return root


def make_split(folder: Path, output: Path, shards: int = 2, media: MediaSettings = MEDIA) -> Path:
    """Run manifest, shard and index on a folder; return the index."""
    manifest = output / "manifest.csv"
    write_manifest(Folder(folder), shards, manifest)
    for n in range(shards):
        write_shard(manifest, n, output / f"{n:05d}.tar", output / f"{n:05d}.csv", media)
    tables = [output / f"{n:05d}.csv" for n in range(shards)]
    write_index(tables, output / "index.csv", output / "rejected.csv", output / "summary.csv")
    return output / "index.csv"


@pytest.fixture(scope="session")
def train_index(demo_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index of the 24 good training clips, in three shards."""
    return make_split(demo_videos / "train", tmp_path_factory.mktemp("train"), shards=3)


@pytest.fixture(scope="session")
def tiny_run() -> Callable[..., RunSettings]:
    """Settings of a run that trains in seconds; keyword arguments override sections."""
    raw = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text())

    def make(**sections: dict[str, object]) -> RunSettings:
        run: dict[str, object] = {
            "dataset": "demo",
            "network": {"clusters": 4, "heads": 2, "hidden": 16},
            "labelling": {"optimisations": 6},
            "training": {
                "epochs": 3, "batch_size": 4, "warmup_batches": 2, "collapse": 1.0,
            },
            "machine": {"workers": 0, "threads": 1, "precision": "float32"},
        }  # fmt: skip
        for name, section in sections.items():
            old = run.get(name)
            run[name] = old | section if isinstance(old, dict) else section
        return parse(raw | {"runs": {"tiny": run}}, Config, "test").runs["tiny"]

    return make


@pytest.fixture(scope="session")
def make_model(tiny_run: Callable[..., RunSettings]) -> Callable[..., Path]:
    """Save an untrained model of a tiny run; keyword arguments override its settings.

    Its last head is the best: a stage that takes the first whatever the file says is told.
    """

    def make(path: Path, **sections: Any) -> Path:
        settings = tiny_run(**sections)
        torch.manual_seed(3)
        save_model(path, build_network(settings), settings, {"head": settings.network.heads - 1})
        return path

    return make


@pytest.fixture(scope="session")
def make_video() -> Callable[..., Path]:
    """Make a video with ffmpeg's own test sources."""

    def make(
        path: Path,
        seconds: float = 1.6,
        size: str = "96x64",
        fps: str = "25",
        audio: bool = True,
        hertz: int = 440,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = [
            "-f",
            "lavfi",
            "-i",
            f"sine=frequency={hertz}:sample_rate=44100:duration={seconds}",
        ]
        command = [
            ffmpeg_binary(), "-v", "error", "-y",
            "-f", "lavfi", "-i", f"testsrc=size={size}:rate={fps}:duration={seconds}",
            *(sound if audio else []),
            "-pix_fmt", "yuv420p", f"file:{path}",
        ]  # fmt: skip
        subprocess.run(command, check=True)
        return path

    return make


@pytest.fixture(scope="session")
def private_mounts() -> None:
    """Skips where a test cannot have a /dev/shm of its own."""
    try:
        subprocess.run([*PRIVATE, SMALL_SHM, "sh", "1m", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a /dev/shm of a test's own needs root, and unshare: {error}")
