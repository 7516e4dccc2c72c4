"""selavi as a library: what `import selavi` gives, and the README's lines."""

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import selavi
from selavi.evaluation.assign import assign
from selavi.models.checkpoint import build_network, save_model
from selavi.settings import RunSettings

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text()
LIBRARY = README[README.index("## As a library") :].partition("\n## ")[0]
SNIPPETS = re.findall(r"```python\n(.*?)```", LIBRARY, re.DOTALL)


def test_every_exported_name_is_there() -> None:
    homes = selavi._HOMES
    assert sorted(homes) == sorted(selavi.__all__)
    for name, home in homes.items():
        assert getattr(selavi, name).__module__ == home
    seen_by_types = {
        (alias.name, node.module)
        for node in ast.walk(ast.parse(Path(selavi.__file__).read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("selavi")
        for alias in node.names
    }
    assert seen_by_types == set(homes.items())
    with pytest.raises(AttributeError, match="no attribute 'sinkhorns'"):
        selavi.sinkhorns  # noqa: B018


def test_importing_it_imports_nothing_large() -> None:
    code = "import selavi, sys; print(sorted({'torch', 'numpy', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_readmes_labels_of_files(
    make_model: Callable[..., Path], make_video: Callable[..., Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Nothing else is printed, and no file is left."""
    make_model(tmp_path / "model.pt")
    make_video(tmp_path / "videos/both.mp4", 2)
    make_video(tmp_path / "videos/mute.mp4", 2, audio=False)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(SNIPPETS[0], names)
    printed = capfd.readouterr()
    assert "of 4 clusters" in printed.out and "(2, 4)" in printed.out and printed.err == ""
    labels, features = names["labels"], names["features"]
    assert labels["modalities"].tolist() == ["video+audio", "video"]
    assert features.windows["path"].tolist() == labels["path"].tolist()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.pt", "videos"]


def test_the_readmes_labels_of_log_probabilities(capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    exec(SNIPPETS[1], {})
    counts = [int(n) for n in re.findall(r"\d+", capsys.readouterr().out)]
    assert len(counts) == 10 and sum(counts) == 1000
    assert all(90 <= count <= 110 for count in counts)


def test_the_readmes_clusters_of_a_split(
    tiny_run: Callable[..., RunSettings], train_index: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    settings = tiny_run()
    (tmp_path / "results/pretrain/demo").mkdir(parents=True)
    model = tmp_path / "results/pretrain/demo/model.pt"
    save_model(model, build_network(settings), settings, {"head": 1})
    shutil.copytree(train_index.parent, tmp_path / "results/shards/demo/test")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(SNIPPETS[2], names)
    assign(model, train_index, tmp_path / "a.csv", tmp_path / "a.pkl")
    expected = pd.read_csv(tmp_path / "a.csv")["cluster"].tolist()
    assert len(expected) == 24
    assert np.array_equal(names["clusters"], expected)
    assert len(SNIPPETS) == 3


@pytest.mark.slow
def test_the_wheel_has_types_and_every_data_file(tmp_path: Path) -> None:
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("selavi", "workflow", "config", "profiles"):
        shutil.copytree(REPOSITORY / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
               "--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)]  # fmt: skip
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    packed = {name for name in names if name.startswith("selavi/")}
    assert "selavi/py.typed" in packed
    for folder in ("workflow", "config", "profiles"):
        own = {str(p.relative_to(source)) for p in (source / folder).rglob("*") if p.is_file()}
        assert {f"selavi_workflow/{name}" for name in own} <= names
    files = {str(p.relative_to(source)) for p in (source / "selavi").rglob("*") if p.is_file()}
    assert packed == files
