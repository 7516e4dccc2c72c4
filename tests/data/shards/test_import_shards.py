"""Shards that were made before, from a folder and over http."""

import functools
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from selavi.data.index import write_index
from selavi.data.shards.import_shards import import_shard
from selavi.files import UserError, read_csv
from selavi.settings import MediaSettings, SplitSettings
from tests.conftest import MEDIA


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    servers = []

    def start(folder: Path) -> str:
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("remote", [False, True])
def test_a_shard_of_our_own_is_taken_as_it_is(
    train_index: Path, tmp_path: Path, serve: Callable[[Path], str], remote: bool
) -> None:
    place = serve(train_index.parent) if remote else str(train_index.parent)
    tables = []
    for n in range(3):
        tar, table = tmp_path / f"{n:05d}.tar", tmp_path / f"{n:05d}.csv"
        import_shard(f"{place}/{tar.name}", tar, table, MEDIA)
        assert tar.read_bytes() == (train_index.parent / tar.name).read_bytes()
        assert tar.is_symlink() is not remote
        tables.append(table)
    write_index(tables, *(tmp_path / f"{n}.csv" for n in ("index", "rejected", "summary")))
    text = ("id", "key", "label", "shard")
    ours, theirs = (read_csv(p, text) for p in (tmp_path / "index.csv", train_index))
    columns = [c for c in theirs.columns if c not in ("path", "start", "end")]
    assert ours[columns].equals(theirs[columns])


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def test_videos_in_any_webdataset_shard_are_normalised(
    tmp_path: Path, make_video: Callable[..., Path], serve: Callable[[Path], str]
) -> None:
    video = make_video(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "web").mkdir()
    with tarfile.open(tmp_path / "web/part.tar", "w") as tar:
        add(tar, "x/one.mp4", video)
        add(tar, "x/one.json", json.dumps({"label": "piano", "id": "../../evil"}).encode())
        add(tar, "x/two.mp4", video[:3000])
        add(tar, "x/two.cls", b"7")
        add(tar, "three.txt", b"no video here")
    source = f"{serve(tmp_path / 'web')}/part.tar"
    table = import_shard(source, tmp_path / "0.tar", tmp_path / "0.csv", MEDIA).set_index("key")
    reasons = {"part.tar/x/one": "", "part.tar/x/two": "unreadable", "part.tar/three": "no-video"}
    assert table["reason"].to_dict() == reasons
    assert list(table["label"]) == ["piano", "7", "no video here"]
    with tarfile.open(tmp_path / "0.tar") as tar:
        assert {Path(m).suffix for m in tar.getnames()} == {".json", ".mp4", ".wav"}
        assert all(len(Path(m).stem) == 16 for m in tar.getnames())
    assert (tmp_path / "web/part.tar").exists()


def test_a_class_of_0_is_a_class(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    video = make_video(tmp_path / "a.mp4").read_bytes()
    with tarfile.open(tmp_path / "part.tar", "w") as tar:
        for key, label in {"0": 0, "1": 1, "2": None, "3": ""}.items():
            add(tar, f"{key}.cls", b"7\n")
            add(tar, f"{key}.json", json.dumps({"label": label}).encode())
            add(tar, f"{key}.mp4", video)
    table = import_shard(str(tmp_path / "part.tar"), tmp_path / "0.tar", tmp_path / "0.csv", MEDIA)
    assert table["label"].tolist() == ["0", "1", "7", "7"]


def foreign(path: Path, *videos: Path) -> Path:
    """A WebDataset tar whose samples are numbered from 0, as most are."""
    with tarfile.open(path, "w") as tar:
        for n, video in enumerate(videos):
            add(tar, f"{n:06d}.mp4", video.read_bytes())
    return path


def test_samples_that_are_numbered_per_tar_are_told_apart(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    video = make_video(tmp_path / "a.mp4")
    outputs = [tmp_path / f"{n}.csv" for n in ("index", "rejected", "summary")]
    tables = []
    for n in range(2):
        source = foreign(tmp_path / f"part-{n}.tar", video)
        tables.append(tmp_path / f"{n:05d}.csv")
        import_shard(str(source), tables[-1].with_suffix(".tar"), tables[-1], MEDIA)
    assert write_index(tables, *outputs)["key"].tolist() == [
        "part-0.tar/000000",
        "part-1.tar/000000",
    ]
    import_shard(str(source), tables[0].with_suffix(".tar"), tables[0], MEDIA)
    with pytest.raises(UserError, match=r"is in 00000\.tar and in 00001\.tar; take one of"):
        write_index(tables, *outputs)


KILLED = """
import os, signal, sys
from pathlib import Path
from selavi.data.shards import import_shards
from tests.conftest import MEDIA
import_shards.normalise = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
import_shards.import_shard(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), MEDIA)
"""


def test_a_fetch_that_is_killed_leaves_no_tar_of_another_kind(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    source = foreign(tmp_path / "part.tar", make_video(tmp_path / "a.mp4"))
    tar, table = tmp_path / "out/0.tar", tmp_path / "out/0.csv"
    arguments = [str(source), str(tar), str(table)]
    assert subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False).returncode == -9
    assert not tar.exists()
    import_shard(str(source), tar, table, MEDIA)
    names = sorted(path.name for path in tar.parent.iterdir())
    assert names == ["0.csv", "0.tar"]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="needs root to mount")
@pytest.mark.parametrize("remote", [False, True])
def test_a_full_disk_is_said(
    tmp_path: Path,
    make_video: Callable[..., Path],
    serve: Callable[[Path], str],
    remote: bool,
) -> None:
    """Room for the tar, but not for the videos in it as well; or not for the tar."""
    video = make_video(tmp_path / "web/a.mp4", size="640x480", seconds=3)
    source = foreign(tmp_path / "web/part.tar", *[video] * 5)
    (tmp_path / "small").mkdir()
    size = source.stat().st_size * (1 if remote else 3) // 2048
    options = ["-t", "tmpfs", "-o", f"size={size}k", "tmpfs"]
    if subprocess.run(["mount", *options, str(tmp_path / "small")], check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    place = f"{serve(tmp_path / 'web')}/part.tar" if remote else str(source)
    tar = tmp_path / "small/0.tar"
    try:
        with pytest.raises(UserError, match="no space left on the disk while writing"):
            import_shard(place, tar, tar.with_suffix(".csv"), MEDIA)
        assert list(tar.parent.iterdir()) == []
    finally:
        subprocess.run(["umount", str(tar.parent)], check=True)


def test_ids_that_would_leave_the_folder_are_not_believed(
    tmp_path: Path, train_index: Path, make_video: Callable[..., Path]
) -> None:
    facts = {
        "id": "../escape", "key": "k", "label": "", "width": 8, "height": 8, "frames": 30,
        "fps": 16.0, "samples": 0, "rate": 0,
    }  # fmt: skip
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        add(tar, "../escape.json", json.dumps(facts).encode())
        add(tar, "../escape.mp4", make_video(tmp_path / "a.mp4").read_bytes())
    table = import_shard(
        str(tmp_path / "bad.tar"), tmp_path / "out/0.tar", tmp_path / "out/0.csv", MEDIA
    )
    assert table["id"].str.fullmatch("[0-9a-f]{16}").all()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "bad.tar", "out"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{http}/absent.tar", "cannot be downloaded"),
        ("http://127.0.0.1:9/x.tar", "cannot be downloaded"),
        ("pipe:touch owned", "does not exist"),
        ("pipe://touch owned", "is not a URL"),
        ("http://127.0.0.1/$(touch owned).tar", "is not a URL"),
        ("absent.tar", "does not exist"),
        ("{here}/cut.tar", "is not a valid, complete tar"),
        ("{http}/cut.tar", "is not a valid, complete tar"),
    ],
)
def test_sources_that_cannot_be_had(
    tmp_path: Path,
    train_index: Path,
    serve: Callable[[Path], str],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = (train_index.parent / "00000.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) // 2])
    source = source.format(http=serve(tmp_path), here=tmp_path)
    with pytest.raises(UserError, match=words):
        import_shard(source, tmp_path / "out/0.tar", tmp_path / "out/0.csv", MEDIA)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["cut.tar"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fps": 25.0}, "clips of fps = 16 and the dataset's media says 25"),
        ({"audio_rate": 24000}, "clips of rate = 16000 and the dataset's media says 24000"),
    ],
)
def test_shards_made_otherwise_than_the_settings_say(
    tmp_path: Path, train_index: Path, changes: dict[str, float], words: str
) -> None:
    media = MediaSettings.model_validate(MEDIA.model_dump() | changes)
    tar = train_index.parent / "00000.tar"
    with pytest.raises(UserError, match=words):
        import_shard(str(tar), tmp_path / "0.tar", tmp_path / "0.csv", media)
    assert tar.exists()
    assert list(tmp_path.iterdir()) == []


def test_numbered_sources() -> None:
    split = SplitSettings(tars=["http://host/a-{000..002}.tar", "/here/b.tar"])
    assert split.shards_to_import == [
        "http://host/a-000.tar", "http://host/a-001.tar", "http://host/a-002.tar", "/here/b.tar",
    ]  # fmt: skip
    assert split.shard_count == 4
