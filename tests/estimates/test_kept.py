"""What is kept of an estimate for a resumed run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from selavi.config_file import parse
from selavi.estimates.cost import Cost, wall_seconds
from selavi.estimates.kept import read_seconds, write_seconds
from selavi.progress import MARK, PIPE, pipe_name
from selavi.settings import Config

SECONDS = {"shard": 12.5, "pretrain": 3600.0}
TEXT = """
datasets: {mine: {root: /nowhere, preset: small, splits: {train: {folder: ".", shards: 1}}}}
runs: {mine: {dataset: mine, network: {clusters: 5}, training: {epochs: EPOCHS}}}
"""


def config(epochs: int) -> Config:
    return parse(yaml.safe_load(TEXT.replace("EPOCHS", str(epochs))), Config, "test")


def told(folder: Path) -> list[dict[str, object]]:
    """What a run that is resumed in a folder, whose videos are gone, gets to know."""
    reading, writing = os.pipe()
    command = ["estimate", "--configfile", "config.yaml", "--no-table", "--kept", "kept.json"]
    subprocess.run(
        [sys.executable, "-m", "selavi", *command],
        cwd=folder, env=os.environ | {PIPE: pipe_name(writing)}, stderr=writing, check=True,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return [json.loads(line.removeprefix(MARK)) for line in pipe if line.startswith(MARK)]


def test_a_resumed_run_knows_its_time_though_the_videos_are_gone(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(TEXT.replace("EPOCHS", "40"))
    write_seconds(tmp_path / "kept.json", config(40), SECONDS)
    assert [facts["expected"] for facts in told(tmp_path)] == [SECONDS]


def test_an_unknown_time_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(TEXT.replace("EPOCHS", "40"))
    facts = told(tmp_path)
    assert not any("expected" in each or each.get("error") for each in facts)


def test_the_same_configuration_has_its_seconds(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    assert read_seconds(file, config(40)) is None
    write_seconds(file, config(40), SECONDS)
    assert read_seconds(file, config(40)) == SECONDS
    assert read_seconds(file, config(41)) is None


def test_a_damaged_file_is_as_none(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    for content in (b"", b"\xff\x00", b'{"config": 1}'):
        file.write_bytes(content)
        assert read_seconds(file, config(40)) is None


def test_no_second_cpu_shortens_what_is_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(4)))
    shared, serial = Cost("run", "map", 2.0, 0.0, 0.0), Cost("run", "map", 2.0, 0.0, 0.0, 2.0)
    assert wall_seconds([shared]) == {"map": 1800}
    assert wall_seconds([serial]) == {"map": 7200}
