"""Disks that are full, limited, read-only or not ours: a sentence with the path and the remedy."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numba.core.caching import FunctionCache

from selavi.cli import main
from selavi.config_file import write_section
from selavi.data.schema import read_index
from selavi.files import UserError, atomic_path, write_csv, write_text
from selavi.models.checkpoint import build_network, save_model
from selavi.settings import FinetuneSettings, RunSettings
from tests.conftest import MEDIA
from tests.test_tensor_files import file_limit

Run = Callable[..., RunSettings]
TUNING = {
    "epochs": 1, "warmup_epochs": 1, "frames": 4, "clips": 1, "crops": 1, "crop": 32,
    "scale_min": 32, "scale_max": 32, "batch_size": 4,
    "machine": {"workers": 0, "precision": "float32"},
}  # fmt: skip


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A tmpfs of the test's own; skips where none can be had."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs root to mount")
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def nobody() -> Iterator[None]:
    """Without root's right to write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def no_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops that are compiled in a fresh checkout are not written, which the limit would forbid."""
    monkeypatch.setattr(FunctionCache, "save_overload", lambda *arguments: None)


@pytest.fixture(scope="module")
def made(tiny_run: Run, train_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands below read."""
    folder = tmp_path_factory.mktemp("made")
    settings = tiny_run(machine={"checkpoint_minutes": 0.0})
    write_section(folder / "run.yaml", settings)
    write_section(folder / "media.yaml", MEDIA)
    write_section(folder / "finetune.yaml", FinetuneSettings.model_validate(TUNING))
    torch.manual_seed(1)
    facts = {"head": 0, "sizes": [[0.25] * 4] * 2}
    save_model(folder / "model.pt", build_network(settings), settings, facts)
    labels = pd.DataFrame({f"head{h}": np.arange(24) % 4 for h in range(2)})
    write_csv(folder / "labels.csv", labels)
    history = {"epoch": [1], "loss": [1.0], "learning_rate": [0.1], "largest_cluster": [0.5]}
    write_csv(folder / "log.csv", pd.DataFrame(history))
    assigned = read_index(train_index).assign(
        cluster=0, confidence=1.0, margin=1.0, head=0, detail=""
    )
    write_csv(folder / "assigned.csv", assigned)
    return folder


def command(name: str, made: Path, index: Path, out: Path) -> list[str]:
    model, given = ["--model", f"{made}/model.pt"], ["--index", str(index)]
    words = {
        "pretrain": ["--settings", f"{made}/run.yaml", *given, "--output", f"{out}/run"],
        "shard": [
            "--settings", f"{made}/media.yaml", "--manifest", f"{index.parent}/manifest.csv",
            "--shard", "0", "--tar", f"{out}/0.tar", "--table", f"{out}/0.csv",
        ],
        "finetune": [
            "--settings", f"{made}/finetune.yaml", *model, "--train", str(index),
            "--test", str(index), "--output", f"{out}/0.csv",
        ],
        "logits": [*model, *given, "--output", f"{out}/logits.pt"],
        "assign": [*model, *given, "--csv", f"{out}/a.csv", "--pickle", f"{out}/a.pkl"],
        "degrade": [
            *given, "--tar", f"{out}/d.tar", "--table", f"{out}/d.csv", "--short-side", "32",
            "--crf", "40",
        ],
        "distributions": [
            *model, "--labels", f"{made}/labels.csv", "--output", f"{out}/d.csv",
            "--figure", f"{out}/d.svg",
        ],
        "explorer": [
            "--assignments", f"{made}/assigned.csv", *given, "--output", f"{out}/index.html",
        ],
    }  # fmt: skip
    return [name, *words[name]]


@pytest.mark.usefixtures("no_machine_code")
@pytest.mark.parametrize(
    ("name", "limit", "file"),
    [
        ("pretrain", 1_000, "run/state/step-"),
        ("pretrain", 50, "run/.state.lock"),
        ("shard", 1_000, ""),
        ("finetune", 1_000, "0.state/step-"),
        ("logits", 1_000, "logits.pt"),
        ("assign", 1_000, "a.csv"),
        ("degrade", 1_000, "d.tar"),
        ("distributions", 10, "d.csv"),
        ("distributions", 1_000, "d.svg"),
        ("explorer", 1_000, "clips/"),
    ],
)
def test_a_file_size_limit_is_said(
    made: Path, train_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    name: str, limit: int, file: str,
) -> None:  # fmt: skip
    with file_limit(limit):
        assert main(command(name, made, train_index, tmp_path)) == 1
    said = capsys.readouterr().err
    assert (f"{tmp_path}/{file}" if file else tempfile.gettempdir()) in said
    assert f"would be larger than the {limit:,} bytes that this process may write to a file" in said
    assert "ulimit -f unlimited" in said
    assert "unexpected error" not in said and "Traceback" not in said
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".part")]


@pytest.mark.parametrize("name", ["pretrain", "finetune", "logits"])
@pytest.mark.parametrize(
    ("options", "words"),
    [("size=64k", "no space left on the disk while writing"), ("ro", "mounted read-only")],
)
def test_a_small_or_read_only_disk_is_said(
    made: Path, train_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    name: str, options: str, words: str,
) -> None:  # fmt: skip
    if name == "logits" and options != "ro":
        options = "size=4k"
    with mounted(tmp_path / "small", options):
        assert main(command(name, made, train_index, tmp_path / "small")) == 1
        left = {p.name for p in (tmp_path / "small").rglob("*") if p.name.endswith(".part")}
    said = capsys.readouterr().err
    assert words in said and str(tmp_path / "small") in said
    assert "unexpected error" not in said and "Traceback" not in said
    assert not left


def test_a_missing_permission_is_said(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):  # pytest's, which are their owner's alone
        folder.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    for path in (closed / "a.txt", closed / "deep" / "a.txt"):
        with nobody(), pytest.raises(UserError, match="has no permission; change the owner") as e:
            write_text(path, "words")
        assert str(closed) in str(e.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file/a.txt", "a file is where a folder is needed"),
        ("folder", "it is a folder, not a file"),
        ("x" * 252, "its name is too long"),
    ],
)
def test_a_place_that_cannot_be_is_said(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(UserError, match=words):
        write_text(tmp_path / name, "words")


def test_an_error_of_another_file_is_not_said_of_this_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"), atomic_path(tmp_path / "a"):
        (tmp_path / "absent").read_text()


@pytest.mark.parametrize("full", [True, False])
def test_a_log_that_cannot_be_written_is_said(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], full: bool
) -> None:
    """From the start it is a mistake; a disk that fills up does not end the work."""
    log = tmp_path / "file" / "x.log"
    (tmp_path / "file").write_text("")
    if full:
        log = tmp_path / "x.log"
    words = command("distributions", made, Path(), tmp_path)
    with file_limit(0) if full else nullcontext():
        status = main([*words, "--log", str(log)])
    said = capsys.readouterr().err
    assert status == 1
    assert f"{log} " in said or f"{log.parent} " in said
    assert "Traceback" not in said and "Logging error" not in said


def test_what_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As from a bad disk: reading this file of the system's is an input/output error."""
    words = ["--assignments", "/proc/self/mem", "--output", str(tmp_path / "m.csv")]
    assert main(["metrics", *words]) == 1
    said = capsys.readouterr().err
    assert "/proc/self/mem cannot be read (input/output error); check its disk" in said


def test_a_bad_disk_is_said_of_what_is_made(tmp_path: Path) -> None:
    with (
        pytest.raises(
            UserError, match=r"a cannot be written \(input/output error\); check the disks"
        ),
        atomic_path(tmp_path / "a"),
    ):
        Path("/proc/self/mem").read_bytes()


def test_an_error_that_nobody_explains_is_said_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--evaluation", "retrieval", "--output", str(tmp_path / "r.yaml")]
    assert main(["settings", "--configfile", str(tmp_path), *words]) == 1
    assert f"{tmp_path}" in (said := capsys.readouterr().err)
    assert "unexpected error" not in said
