"""`selavi init`, and the workflow as a wheel installs it."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.workflow.running import ENVIRONMENT, REPOSITORY, selavi_run

SHIPPED = ("selavi", "workflow", "config", "profiles")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as pip fills it from a wheel that is built of the repository's files."""
    source = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    wheels = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "-w", wheels, source], check=True)
    (wheel,) = wheels.glob("*.whl")
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files_of(folder: Path) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in paths if "__pycache__" not in path.parts}


def test_a_wheel_has_every_file(installed: Path) -> None:
    for name in SHIPPED[1:]:
        assert files_of(installed / "selavi_workflow" / name) == files_of(REPOSITORY / name)
    assert files_of(installed / "selavi") == files_of(REPOSITORY / "selavi")
    assert {path.name for path in installed.iterdir()} - {"selavi", "selavi_workflow"} == {
        path.name for path in installed.glob("selavi-*.dist-info")
    }


def test_a_project_of_an_installed_package_runs(
    installed: Path, demo_videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From `selavi init` to clusters, with no file of the repository but its package's wheel."""
    environment = ENVIRONMENT | {"PYTHONPATH": str(installed)}
    selavi = [sys.executable, "-P", "-m", "selavi"]
    project = tmp_path / "my project"
    begun = subprocess.run(
        [*selavi, "init", project, "--videos", demo_videos / "train", "--preset", "small"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "preset small" in begun.stdout
    settings = yaml.safe_load((project / "config.yaml").read_text())
    settings["runs"]["videos"] |= {
        "network": {"clusters": 4, "heads": 2, "hidden": 16},
        "training": {"epochs": 2, "batch_size": 5, "warmup_epochs": 1},
    }
    settings["machine"] = {"workers": 0, "threads": 1, "precision": "float32"}
    (project / "config.yaml").write_text(yaml.safe_dump(settings))
    for name, value in environment.items():
        monkeypatch.setitem(ENVIRONMENT, name, value)
    said = selavi_run(project)
    assert "estimate, from rates measured here" in said
    kept = project / ".snakemake/selavi-estimate.json"
    assert '"pretrain":' in kept.read_text()  # the time left of a run that is resumed
    assert re.search(r"✓ all \d+ stages done", said)
    assigned = pd.read_csv(project / "results/assign/videos/train.csv")
    assert len(assigned) == 24
    assert assigned["cluster"].between(0, 3).all()
    assert (project / "results/explorer/videos/index.html").exists()
    assert "nothing to do" in selavi_run(project)
    (project / "Snakefile").unlink()  # the configuration alone is enough
    shutil.rmtree(project / "profiles")
    assert "nothing to do" in selavi_run(project)
    log = next((project / "logs/pretrain").glob("*.log")).read_text()
    assert str(REPOSITORY) + os.sep not in log


def test_a_folder_without_anything_is_told_how_to_begin(tmp_path: Path) -> None:
    said = selavi_run(tmp_path, code=1)
    assert "begin a project with `selavi init`" in said
    assert "Traceback" not in said
