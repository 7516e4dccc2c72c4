"""A fault of the machine fails the job; it is no verdict on a video."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from selavi.data.manifest import write_manifest
from selavi.data.media import decode
from selavi.data.media.encode import Normalised
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import WITNESSES, Rejected, check_file
from selavi.data.shards import writer
from selavi.data.sources.folder import Folder
from selavi.files import UserError, read_csv, write_csv
from selavi.settings import MediaSettings
from tests.conftest import MEDIA


@pytest.fixture
def listed(tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    """A manifest of four videos in two shards."""
    for n in range(4):
        make_video(tmp_path / "videos" / "class" / f"{n}.mp4", hertz=300 + n)
    table = write_manifest(Folder(tmp_path / "videos"), 2, tmp_path / "manifest.csv")
    assert table["shard"].nunique() == 2
    return tmp_path / "manifest.csv"


def make(manifest: Path, n: int) -> Path:
    tar = manifest.with_name(f"{n}.tar")
    writer.write_shard(manifest, n, tar, tar.with_suffix(".csv"), MEDIA)
    return tar


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_videos_whose_disk_is_gone_are_not_rejected(listed: Path, left: str) -> None:
    make(listed, 0)
    (listed.parent / "videos").rename(listed.parent / "elsewhere")
    if left == "an empty folder":  # where it was mounted
        (listed.parent / "videos").mkdir()
    with pytest.raises(UserError, match="none of 4 videos of this split can be opened"):
        make(listed, 1)
    assert not (listed.parent / "1.tar").exists()
    shutil.rmtree(listed.parent / "videos", ignore_errors=True)
    (listed.parent / "elsewhere").rename(listed.parent / "videos")
    assert make(listed, 1).exists()


@pytest.mark.parametrize("own", [1, WITNESSES])
def test_a_shard_of_files_that_cannot_be_opened(
    tmp_path: Path, make_video: Callable[..., Path], own: int
) -> None:
    """A few are rejected, as videos elsewhere show that the disk is there; dozens are not."""
    make_video(tmp_path / "videos/good.mp4")
    for n in range(own):
        (tmp_path / f"videos/gone{n}.mp4").symlink_to(tmp_path / "nowhere")
    manifest = tmp_path / "manifest.csv"
    table = write_manifest(Folder(tmp_path / "videos", "none"), 1, manifest)
    write_csv(manifest, table.assign(shard=(table["key"] == "good.mp4").astype(int)))
    if own < WITNESSES:
        make(manifest, 0)
        assert read_csv(tmp_path / "0.csv", ("reason",))["reason"].tolist() == ["unreadable"]
    else:
        with pytest.raises(UserError, match=f"none of {own} videos of this split can be opened"):
            make(manifest, 0)


def test_a_disk_that_goes_while_a_shard_is_made(
    listed: Path, make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(Folder(listed.parent / "videos"), 1, listed)

    def pull(source: Segment, settings: MediaSettings, scratch: Path) -> Normalised:
        clip = normalise(source, settings, scratch)
        (listed.parent / "videos").rename(listed.parent / "elsewhere")
        return clip

    monkeypatch.setattr(writer, "normalise", pull)
    with pytest.raises(UserError, match="could be opened before and cannot now"):
        make(listed, 0)
    assert not (listed.parent / "0.tar").exists()


@pytest.mark.parametrize(
    ("ending", "raised", "words"),
    [
        ("kill -KILL $$", UserError, r"ended by a signal \(exit status -9\) .*If memory ran out"),
        ("exit 255", UserError, "ended by a signal"),
        ("kill -SEGV $$", Rejected, r"ffmpeg crashed on it \(SIGSEGV\)"),
        (
            "echo moov is missing >&2; exit 183",
            Rejected,
            "none of it can be decoded: moov is missing",
        ),
    ],
)
def test_an_ffmpeg_that_does_not_end_well(
    tmp_path: Path,
    make_video: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    raised: type[Exception],
    words: str,
) -> None:
    video = make_video(tmp_path / "a.mp4")
    binary = tmp_path / "ffmpeg"
    binary.write_text(f"#!/bin/sh\nulimit -c 0\n{ending}\n")
    binary.chmod(0o755)
    monkeypatch.setattr(decode, "ffmpeg_binary", lambda: str(binary))
    with pytest.raises(raised, match=words):
        normalise(Segment(video), MEDIA, tmp_path)


def test_a_read_that_fails_is_the_disks_fault() -> None:
    with pytest.raises(UserError, match=r"Input/output error\. This is a fault of the disk"):
        check_file(Path("/proc/self/mem"))  # nothing lies at its address 0


def test_a_pipe_is_no_video(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(Rejected, match="not a regular file"):
        normalise(Segment(tmp_path / "a.mp4"), MEDIA, tmp_path)
