import os
from pathlib import Path

import pytest
import yaml

from selavi.cli import main
from selavi.config_file import parse
from selavi.files import UserError
from selavi.preflight.config_files import config_files, read_config, read_profile
from selavi.running.project import begin_project
from selavi.running.workflow_files import complete, shipped
from selavi.settings import Config


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A folder of twenty names: nothing is decoded here."""
    folder = tmp_path / 'it\'s # a "folder": ü'
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.mp4").touch()
    return folder


def test_a_project_is_of_its_videos(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "new/project"
    recipe = begin_project(project, videos, "small")
    config = read_config([project / "config.yaml"])
    assert config.datasets["videos"].root == str(videos)
    run = config.runs["videos"]
    assert run.network.clusters == recipe.clusters
    assert run.training.batch_size == recipe.batch_size == 10
    assert run.network.video_encoder == "r2plus1d_narrow"
    monkeypatch.chdir(project)
    assert config_files({}) == [Path("config.yaml")]
    _, slurm = read_profile("profiles/slurm")
    assert slurm["configfile"] == "config.yaml"
    assert slurm["executor"] == "slurm"
    assert complete(["-n"]) == ["--profile", "profiles/local", "-n"]


def test_a_project_may_train_heads_alone(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    assert main(["init", str(project), "--videos", str(videos), "--preset", "features"]) == 0
    assert "preset features, as many clusters as heads agree on best" in capsys.readouterr().out
    run = read_config([project / "config.yaml"]).runs["videos"]
    assert run.frozen == ["video", "audio"]
    assert (run.network.video_encoder, run.network.audio_encoder) == ("imagenet", "log_mel")


def test_a_project_is_of_a_table_too(videos: Path, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("path\n" + "".join(f"{path}\n" for path in videos.iterdir()))
    begin_project(tmp_path / "project", table, "paper", clusters=3)
    config = read_config([tmp_path / "project/config.yaml"])
    split = config.datasets["videos"].splits["train"]
    assert (split.table, split.folder) == ("list.csv", None)
    assert config.runs["videos"].network.clusters == 3
    assert config.runs["videos"].network.video_encoder == "r2plus1d_18"


@pytest.mark.parametrize(
    "name", ["config.yaml", "Snakefile", "README.md", "profiles/slurm/config.yaml"]
)
def test_nothing_is_overwritten(videos: Path, tmp_path: Path, name: str) -> None:
    project = tmp_path / "project"
    (project / name).parent.mkdir(parents=True)
    (project / name).write_text("mine")
    with pytest.raises(UserError, match=f"{name} exists and is kept; remove it"):
        begin_project(project, videos)
    assert (project / name).read_text() == "mine"
    files = [path for path in project.rglob("*") if path.is_file()]
    assert files == [project / name]


def test_videos_that_are_not_there_or_too_few_are_named(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = str(tmp_path / "project")
    assert main(["init", project, "--videos", str(tmp_path / "absent")]) == 1
    assert "absent does not exist; --videos takes a folder" in capsys.readouterr().err
    for path in list(videos.iterdir())[3:]:
        path.unlink()
    assert main(["init", project, "--videos", str(videos)]) == 1
    said = capsys.readouterr().err
    assert "3 clips are too few to train on" in said
    assert "`selavi label`, which cuts videos into windows" in said
    assert not Path(project).exists()


def test_a_name_that_yaml_cannot_hold_is_an_error(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.mp4").touch()
    with pytest.raises(UserError, match="is not valid UTF-8"):
        begin_project(tmp_path / "project", folder)


def test_a_folder_with_a_configuration_needs_no_snakefile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workflow = str(shipped("workflow") / "Snakefile")
    local = ["--profile", str(shipped("profiles/local"))]
    with pytest.raises(UserError, match="no workflow and no configuration in"):
        complete(["-n"])
    assert complete(["--configfile", "a.yaml", "--", "all"]) == [
        *local, "--snakefile", workflow, "--configfile", "a.yaml", "--", "all",
    ]  # fmt: skip
    (tmp_path / "config.yaml").touch()
    assert complete([]) == [*local, "--snakefile", workflow, "--configfile", "config.yaml"]
    assert complete(["-s", "my.smk", "--profile", "p"]) == ["-s", "my.smk", "--profile", "p"]
    (tmp_path / "Snakefile").touch()
    assert complete([]) == local


def test_the_default_configuration_is_valid_as_it_is_shipped() -> None:
    raw = yaml.safe_load((shipped("config") / "demo.yaml").read_text())
    assert parse(raw, Config, "demo").runs.keys() == {"demo"}
