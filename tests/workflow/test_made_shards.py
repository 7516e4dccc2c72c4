"""A split of shards that were made before, as Snakemake sees it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.conftest import make_split
from tests.workflow.test_datasets import SMALL_RUN
from tests.workflow.test_workflow import REPOSITORY, rules_run, snakemake

MEDIA = {"short_side": 48, "fps": 16.0, "audio_rate": 16000}  # those of `make_split`
CONFIG = ("--configfile", "made.yaml", "--", "index_all")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    for name in ("workflow", "config", "profiles"):
        shutil.copytree(REPOSITORY / name, folder / name)
    shutil.copy(REPOSITORY / "Snakefile", folder)
    return folder


def configure(checkout: Path, name: str, root: Path, tars: str) -> None:
    dataset = {"root": str(root), "splits": {"train": {"tars": [tars]}}, "media": MEDIA}
    config = {"datasets": {name: dataset}, "runs": {"run": SMALL_RUN | {"dataset": name}}}
    (checkout / "made.yaml").write_text(yaml.safe_dump(config))


def test_shards_that_were_made_again_are_fetched_again(
    checkout: Path, tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    """A class's folder is renamed: the tar has the size that it had, and another content."""
    videos, parts = tmp_path / "videos", tmp_path / "parts"
    for label in ("cat", "dog"):
        make_video(videos / label / "a.mp4")
    make_split(videos, parts, shards=1)
    configure(checkout, "made", parts, "{00000..00000}.tar")
    assert rules_run(snakemake(checkout, *CONFIG)).count("fetch") == 1
    assert "Nothing to be done" in snakemake(checkout, *CONFIG)
    size = (parts / "00000.tar").stat().st_size
    (videos / "dog").rename(videos / "ape")
    make_split(videos, parts, shards=1)
    assert (parts / "00000.tar").stat().st_size == size
    snakemake(checkout, *CONFIG)
    index = pd.read_csv(checkout / "results/shards/made/train/index.csv")
    assert index["label"].tolist() == ["ape", "cat"]
    assert "Nothing to be done" in snakemake(checkout, *CONFIG)
