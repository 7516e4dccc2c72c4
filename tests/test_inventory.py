"""What is known of splits before a run, from manifests of today's settings or the sources."""

from pathlib import Path

import pytest

from selavi.data.manifest import write_manifest
from selavi.data.sources.source import VideoSource
from selavi.files import UserError, write_text
from selavi.inventory import Inventory, added_file, settings_file
from selavi.preflight.config_files import read_config

CONFIG = """
datasets:
  mine:
    root: {root}
    splits: {{train: {{shards: 1}}, listed: {{table: list.csv}}}}
runs:
  mine: {{dataset: mine, network: {{clusters: 2}}, training: {{batch_size: 2, warmup_epochs: 0}}}}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "videos"
    for name in ("cat/a.mp4", "cat/b.mp4", "dog/c.mp4"):
        (root / "train" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "train" / name).write_bytes(b"x")
    (root / "list.csv").write_text("path\ntrain/cat/a.mp4\ntrain/cat/b.mp4\n")
    Path("mine.yaml").write_text(CONFIG.format(root=root))
    return root


def inventory() -> Inventory:
    return Inventory(read_config([Path("mine.yaml")]))


def list_again(split: str = "train") -> Path:
    """Write a split's settings and manifest, as the workflow does."""
    known = inventory()
    write_text(settings_file("mine", split), known.settings_text("mine", split))
    manifest = Path(f"results/manifest/mine/{split}.csv")
    source = known.source("mine", split)
    assert isinstance(source, VideoSource)
    write_manifest(source, 1, manifest)
    return manifest


def test_a_manifest_answers_where_videos_were_moved_away(root: Path) -> None:
    assert inventory().manifest("mine", "train") is None
    assert inventory().count("mine", "train", 9) == 3
    assert inventory().count("mine", "train", 2) == 2
    manifest = list_again()
    (root / "train").rename(root / "elsewhere")
    known = inventory()
    assert known.manifest("mine", "train") == manifest
    assert known.count("mine", "train", 9) == 3
    assert known.has_classes("mine", "train")
    known.check()
    text = Path("mine.yaml").read_text()
    Path("mine.yaml").write_text(text.replace("    splits", "    labels: none\n    splits"))
    other = inventory()
    assert other.manifest("mine", "train") is None
    assert not other.has_classes("mine", "train")
    with pytest.raises(UserError, match="is not a folder"):
        other.check()


def test_a_manifest_left_from_another_source_is_ignored(root: Path) -> None:
    list_again("listed")
    text = Path("mine.yaml").read_text()
    Path("mine.yaml").write_text(text.replace("table: list.csv", "of: train, classes: [cat]"))
    known = inventory()
    write_text(settings_file("mine", "listed"), known.settings_text("mine", "listed"))
    assert known.manifest("mine", "listed") is None
    assert known.has_classes("mine", "listed")
    known.check()


def test_too_few_videos_are_said_at_once(root: Path) -> None:
    inventory().check()
    for name in ("cat/b.mp4", "dog/c.mp4"):
        (root / "train" / name).unlink()
    with pytest.raises(ValueError, match=r"runs.mine: 1 training clips are too few"):
        inventory().check()


def test_a_damaged_manifest_is_named(root: Path) -> None:
    list_again().write_text("key\nx\n")
    with pytest.raises(UserError, match=r"train.csv cannot be read: .*'id'.*; remove it and run"):
        inventory().check()


def test_an_edited_table_changes_the_settings_of_its_split_alone(root: Path) -> None:
    before = [inventory().settings_text("mine", split) for split in ("train", "listed")]
    (root / "list.csv").write_text("path,label\ntrain/cat/a.mp4,cat\n")
    after = [inventory().settings_text("mine", split) for split in ("train", "listed")]
    assert before[0] == after[0]
    assert before[1] != after[1] and before[1].splitlines()[:-1] == after[1].splitlines()[:-1]
    list_again("listed")
    kept = inventory().settings_text("mine", "listed")
    (root / "list.csv").unlink()
    assert inventory().settings_text("mine", "listed") == kept
    assert inventory().has_classes("mine", "listed")


def test_changes_of_a_folder_are_said_and_new_videos_added_if_asked(root: Path) -> None:
    manifest = list_again()
    assert inventory().changes(add=True) == []
    (root / "train/new.mp4").write_bytes(b"x")
    words = f"{root / 'train'}: of its videos 1 new since {manifest} was made"
    assert inventory().changes(add=False) == [f"{words}; to add them: selavi run"]
    assert not added_file("mine", "train").exists()
    assert inventory().changes(add=True) == [f"{words}; adding them"]
    assert added_file("mine", "train").read_text() == "new.mp4\n"
    (root / "train/dog/c.mp4").unlink()
    (line,) = inventory().changes(add=True)
    assert "1 new and 1 missing" in line and line.endswith(f"selavi run -R {manifest}")
