"""A split of shards that were made before, as Snakemake sees it."""

import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.conftest import make_split
from tests.workflow.running import copy_workflow, rules_run, snakemake
from tests.workflow.test_datasets import SMALL_RUN

MEDIA = {"short_side": 48, "fps": 16.0, "audio_rate": 16000}  # those of `make_split`
CONFIG = ("--configfile", "made.yaml", "--", "index_all")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_workflow(tmp_path / "checkout")


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
    assert rules_run(snakemake(checkout, *CONFIG)).count("import_shards") == 1
    assert "Nothing to be done" in snakemake(checkout, *CONFIG)
    size = (parts / "00000.tar").stat().st_size
    (videos / "dog").rename(videos / "ape")
    make_split(videos, parts, shards=1)
    assert (parts / "00000.tar").stat().st_size == size
    snakemake(checkout, *CONFIG)
    index = pd.read_csv(checkout / "results/shards/made/train/index.csv")
    assert index["label"].tolist() == ["ape", "cat"]
    assert "Nothing to be done" in snakemake(checkout, *CONFIG)


def test_an_index_of_more_shards_than_a_command_line_holds(
    checkout: Path, tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    """A command line has a quarter of the stack, usually of 8 MiB; with one of 2 MiB, 512 KiB."""
    name, count = "x" * 200, 2400
    make_video(tmp_path / "videos/a.mp4")
    made = make_split(tmp_path / "videos", tmp_path / "made", shards=2)
    tables = sorted(made.parent.glob("0*.csv"), key=lambda path: len(pd.read_csv(path)))
    place = f"results/shards/{name}/train"
    (checkout / place).mkdir(parents=True)
    for number in range(count):
        shutil.copy(tables[number == 7], checkout / place / f"{number:05d}.csv")
    assert sum(len(f"{place}/{number:05d}.csv") for number in range(count)) > 2**19
    configure(checkout, name, tmp_path, f"{{00000..{count - 1:05d}}}.tar")
    limits = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (2**21, limits[1]))
    try:
        snakemake(checkout, "--allowed-rules", "index", *CONFIG[:3], f"{place}/index.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_STACK, limits)
    index = pd.read_csv(checkout / place / "index.csv")
    assert index["shard"].tolist() == ["00007.tar"]
