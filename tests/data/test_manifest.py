import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from selavi.data.manifest import (
    shard_of,
    write_manifest,
)
from selavi.data.schema import read_manifest
from selavi.data.sources.folder import EXTENSIONS, Folder
from selavi.files import UserError, read_csv

AWKWARD = [
    "plain.mp4",
    "with space.mp4",
    "quote'\"both.mp4",
    "new\nline.mp4",
    "carriage\rreturn.mp4",
    "-dash.mp4",
    "--help.mp4",
    "comma,semi;colon.mp4",
    "ünïcode 你好.MP4",
    "percent%03d.mp4",
    "$(touch owned).mp4",
    "NA.mp4",
    "=cmd|'x'!A0.mp4",
    "@at.mp4",
    "'=guarded already.mp4",
    "a;=b.mp4",
]


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_awkward_names_come_back_whole(tmp_path: Path) -> None:
    for name in AWKWARD:
        touch(tmp_path / "videos" / "NA" / name)
    written = write_manifest(Folder(tmp_path / "videos"), 3, tmp_path / "m.csv")
    table = read_manifest(tmp_path / "m.csv")
    assert sorted(table["key"]) == sorted(f"NA/{name}" for name in AWKWARD)
    assert all(Path(p).exists() for p in table["path"])
    assert set(table["label"]) == {"NA"}
    assert table["id"].is_unique
    assert table["id"].tolist() == written["id"].tolist()


def test_what_a_folder_gained_and_lost_since_its_manifest(tmp_path: Path) -> None:
    videos, manifest = tmp_path / "videos", tmp_path / "m.csv"
    for name in AWKWARD:
        touch(videos / name)
    touch(videos / os.fsdecode(b"\xff.mp4"))
    write_manifest(Folder(videos), 3, manifest)
    touch(videos / "words.txt")
    assert Folder(videos).changes(manifest) == ([], [])
    (videos / AWKWARD[0]).rename(touch(videos / "deep/er/x.mp4").with_name("y.mp4"))
    assert Folder(videos).changes(manifest) == (["deep/er/x.mp4", "deep/er/y.mp4"], [AWKWARD[0]])
    videos.rename(tmp_path / "elsewhere")  # such as a disk that is not there today
    assert Folder(videos).changes(manifest) == ([], [])


def test_same_name_in_two_classes_and_same_stem_twice(tmp_path: Path) -> None:
    for name in ("a/clip.mp4", "b/clip.mp4", "a/clip.mkv"):
        touch(tmp_path / name)
    table = Folder(tmp_path).listing().videos
    assert table["key"].tolist() == ["a/clip.mkv", "a/clip.mp4", "b/clip.mp4"]
    assert table["id"].is_unique


def test_flat_folder_has_no_labels(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4")
    assert Folder(tmp_path).listing().videos["label"].tolist() == [""]
    assert not Folder(tmp_path).has_classes()
    touch(tmp_path / "thumbnails" / "a.jpg")
    assert not Folder(tmp_path).has_classes()
    touch(tmp_path / "class" / "deep" / "b.mp4")
    assert sorted(Folder(tmp_path).listing().videos["label"]) == ["", "class"]
    assert Folder(tmp_path).has_classes()
    assert set(Folder(tmp_path, "none").listing().videos["label"]) == {""}
    assert not Folder(tmp_path, "none").has_classes()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("...And Justice for All.mp4", True),
        ("..and justice.mp4", True),
        ("...Live/a.mp4", True),
        (".hidden.mp4", False),
        ("._a.mp4", False),
        ("._...And Justice for All.mp4", False),
        (".hidden/a.mp4", False),
    ],
)
def test_a_title_may_begin_with_an_ellipsis(tmp_path: Path, name: str, found: bool) -> None:
    touch(tmp_path / "plain.mp4")
    touch(tmp_path / name)
    keys = Folder(tmp_path).listing().videos["key"].tolist()
    assert sorted(keys) == sorted([name, "plain.mp4"] if found else ["plain.mp4"])
    assert Folder(tmp_path).count(9) == 1 + found


def test_every_suffix_of_videos_and_what_others_are_skipped(tmp_path: Path) -> None:
    videos = ["a.mp4", "a.MP4", *(f"b{suffix}" for suffix in EXTENSIONS)]
    others = ["c/1.JPG", "c/2.jpg", "d.srt", "e", "f.mp4.part", "=g.=h", os.fsdecode(b"i.\xff")]
    for name in [*videos, *others, ".hidden.jpg"]:
        touch(tmp_path / "videos" / name)
    skipped = tmp_path / "m.skipped.csv"
    table = write_manifest(Folder(tmp_path / "videos"), 1, tmp_path / "m.csv", skipped)
    assert sorted(table["key"]) == sorted(videos)
    assert table["id"].is_unique
    assert {
        ".ts",
        ".mts",
        ".m2ts",
        ".flv",
        ".wmv",
        ".ogv",
        ".3gp",
        ".3g2",
        ".vob",
        ".mxf",
    } < EXTENSIONS
    found = read_csv(skipped, ("suffix", "example")).to_numpy().tolist()
    assert found == [
        [".jpg", 2, "c/1.JPG"],
        [".=h", 1, "=g.=h"],
        [".\\xff", 1, "i.\\xff"],
        [".part", 1, "f.mp4.part"],
        [".srt", 1, "d.srt"],
        ["without suffix", 1, "e"],
    ]


def test_adding_a_video_moves_no_other(tmp_path: Path) -> None:
    for n in range(50):
        touch(tmp_path / f"{n}.mp4")
    before = (
        Folder(tmp_path)
        .listing()
        .videos.assign(shard=lambda t: shard_of(t["id"], 7))
        .set_index("key")
    )
    touch(tmp_path / "0new.mp4")
    after = (
        Folder(tmp_path)
        .listing()
        .videos.assign(shard=lambda t: shard_of(t["id"], 7))
        .set_index("key")
    )
    assert after.loc[before.index, ["id", "shard"]].equals(before[["id", "shard"]])
    assert before["shard"].nunique() == 7


def test_links_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "real" / "a.mp4")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "class").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "loop").symlink_to(tmp_path / "root")
    assert Folder(tmp_path / "root").listing().videos["key"].tolist() == ["class/a.mp4"]


def test_a_real_folder_goes_before_a_link_to_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever their names; a link from deep within, and one to elsewhere, are followed too."""
    for name in ("root/dog/a.mp4", "root/dog/puppy/b.mp4", "elsewhere/deep/c.mp4"):
        touch(tmp_path / name)
    root = tmp_path / "root"
    (root / "canine").symlink_to("dog")
    (root / "dog/puppy/more").symlink_to(tmp_path / "elsewhere")
    (root / "zoo").symlink_to(tmp_path / "elsewhere")
    (root / "aaa").symlink_to(tmp_path / "elsewhere/deep")
    with caplog.at_level(logging.INFO):
        table = Folder(root).listing().videos
    assert table["key"].tolist() == ["aaa/c.mp4", "dog/a.mp4", "dog/puppy/b.mp4"]
    assert table["label"].tolist() == ["aaa", "dog", "dog"]
    assert f"skipped {root / 'canine'}: it is the same folder as {root / 'dog'}" in caplog.messages


def test_a_name_that_is_not_utf8_is_rejected(tmp_path: Path) -> None:
    touch(tmp_path / "good.mp4")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.mp4")).write_bytes(b"x")
    write_manifest(Folder(tmp_path), 1, tmp_path / "m.csv")
    table = read_manifest(tmp_path / "m.csv").set_index("key")
    assert table["reason"].to_dict() == {"good.mp4": "", "bad\\xff.mp4": "bad-name"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "it is empty"),
        (["a.txt", "b.txt", "c.jpg"], "found 2 x .txt, 1 x .jpg"),
        ([".hidden.mp4"], "it is empty"),
    ],
)
def test_a_folder_without_videos(tmp_path: Path, files: list[str], words: str) -> None:
    for name in files:
        touch(tmp_path / name)
    with pytest.raises(UserError, match=words):
        Folder(tmp_path).listing()


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        Folder(tmp_path / "absent").listing()


def test_one_class_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    touch(tmp_path / "videos" / "only" / "a.mp4")
    write_manifest(Folder(tmp_path / "videos"), 1, tmp_path / "m.csv")
    assert "only one class" in caplog.text


def test_classes_that_are_spelt_alike_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("HandStand_Pushups", "HandstandPushups", "Handstand Pushups", "dog"):
        touch(tmp_path / "videos" / name / "a.mp4")
    write_manifest(Folder(tmp_path / "videos"), 1, tmp_path / "m.csv")
    words = "'HandStand_Pushups' and 'Handstand Pushups' are spelt alike and count as 2 classes"
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [words in message for message in said] == [True]


def test_counting_stops_early(tmp_path: Path) -> None:
    for n in range(5):
        touch(tmp_path / f"{n}.mp4")
    assert Folder(tmp_path).count(3) == 3
    assert Folder(tmp_path).count(10) == 5


UNREADABLE = """
import os, sys
from pathlib import Path
from selavi.data.sources.folder import Folder
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(Folder(Path(sys.argv[1])).listing().videos[["key", "reason"]].to_csv(index=False))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="selavi-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_an_unreadable_folder_is_a_row(open_folder: Path) -> None:
    touch(open_folder / "good" / "a.mp4")
    locked = touch(open_folder / "locked" / "b.mp4").parent
    locked.chmod(0)
    try:
        done = subprocess.run(
            [sys.executable, "-c", UNREADABLE, str(open_folder)],
            capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    finally:
        locked.chmod(0o755)
    assert "good/a.mp4," in done.stdout, done.stderr
    assert "locked,unreadable-folder" in done.stdout
