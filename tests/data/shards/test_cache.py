"""A shard that is made again encodes only what has changed."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from selavi.data.manifest import write_manifest
from selavi.data.media.encode import Normalised
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.schema import read_manifest
from selavi.data.shards import writer
from selavi.data.sources.folder import Folder
from selavi.data.sources.table import Table
from selavi.files import write_csv
from selavi.settings import MediaSettings
from tests.conftest import MEDIA


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the videos that go through ffmpeg, as they do."""
    names: list[str] = []

    def seen(source: Segment, settings: MediaSettings, scratch: Path) -> Normalised:
        names.append(source.path.name)
        return normalise(source, settings, scratch)

    monkeypatch.setattr(writer, "normalise", seen)
    return names


@pytest.fixture
def videos(tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    for n in range(4):
        make_video(tmp_path / "videos" / f"{n}.mp4", hertz=300 + n)
    (tmp_path / "videos/bad.mp4").write_bytes(b"")
    return tmp_path / "videos"


def make(videos: Path, output: Path, media: MediaSettings = MEDIA) -> bytes:
    """As Snakemake does it: outputs are removed, then made."""
    tar, table = output / "00000.tar", output / "00000.csv"
    write_manifest(Folder(videos), 1, output / "manifest.csv")
    for path in (tar, table):
        path.unlink(missing_ok=True)
    writer.write_shard(output / "manifest.csv", 0, tar, table, media)
    return tar.read_bytes() + table.read_bytes()


def test_only_new_and_changed_videos_are_encoded(
    tmp_path: Path, videos: Path, encoded: list[str], make_video: Callable[..., Path]
) -> None:
    first = make(videos, tmp_path / "out")
    assert encoded == ["0.mp4", "1.mp4", "2.mp4", "3.mp4", "bad.mp4"]
    encoded.clear()
    assert make(videos, tmp_path / "out") == first
    assert encoded == ["bad.mp4"]
    encoded.clear()
    make_video(videos / "1b.mp4", hertz=900)
    make_video(videos / "2.mp4", hertz=901)
    (videos / "3.mp4").unlink()
    again = make(videos, tmp_path / "out")
    assert encoded == ["1b.mp4", "2.mp4", "bad.mp4"]
    assert again == make(videos, tmp_path / "fresh")


def test_other_settings_encode_all_again(tmp_path: Path, videos: Path, encoded: list[str]) -> None:
    make(videos, tmp_path / "out")
    encoded.clear()
    media = MediaSettings.model_validate(MEDIA.model_dump() | {"crf": 30})
    assert make(videos, tmp_path / "out", media) == make(videos, tmp_path / "fresh", media)
    assert len(encoded) == 10


OPTIONAL = {"audio": "optional"}


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ({}, {"timeout_seconds": 900.0}, "short mute half"),
        ({}, {"min_seconds": 0.5}, "short mute half"),
        ({}, {"min_seconds": 1.7}, "short mute half"),
        ({}, OPTIONAL, "short mute half"),
        (OPTIONAL, {}, "short half"),
        ({}, {"silent": "reject"}, "short mute half"),
        (OPTIONAL, OPTIONAL | {"min_seconds": 0.5}, "short half"),
        (OPTIONAL, {"audio": "none"}, "long usual short mute half"),
        ({"audio": "none"}, {"audio": "none", "min_seconds": 1.7}, "short"),
    ],
    ids=str,
)
def test_settings_that_do_not_shape_clips_encode_none_again(
    tmp_path: Path,
    encoded: list[str],
    make_video: Callable[..., Path],
    before: dict[str, object],
    after: dict[str, object],
    again: str,
) -> None:
    """But for videos that were rejected, or whose sound was. The bytes are a fresh shard's."""
    videos = tmp_path / "videos"
    long, short = (make_video(videos / f"{n}.mp4", s) for n, s in (("long", 2.4), ("short", 0.8)))
    make_video(videos / "usual.mp4")
    make_video(videos / "mute.mp4", audio=False)
    both = ["-i", str(long), "-i", str(short), "-map", "0:v", "-map", "1:a", "-c", "copy"]
    half = str(videos / "half.mp4")
    subprocess.run([ffmpeg_binary(), "-v", "error", *both, half], check=True)
    first, second = (MediaSettings.model_validate(MEDIA.model_dump() | m) for m in (before, after))
    make(videos, tmp_path / "out", first)
    encoded.clear()
    there = make(videos, tmp_path / "out", second)
    assert sorted(encoded) == sorted(f"{name}.mp4" for name in again.split())
    assert there == make(videos, tmp_path / "fresh", second)


def test_a_segment_that_moves_is_cut_again(
    tmp_path: Path, videos: Path, encoded: list[str]
) -> None:
    """Whatever the id: two starts may differ by less than a key can tell."""
    tar, manifest = tmp_path / "0.tar", tmp_path / "manifest.csv"
    (videos / "list.csv").write_text("path,start\n0.mp4,0\n1.mp4,0.1\n")
    write_manifest(Table(videos, videos / "list.csv", "folder", 0.0), 1, manifest)
    writer.write_shard(manifest, 0, tar, tar.with_suffix(".csv"), MEDIA)
    before = tar.read_bytes()
    rows = read_manifest(manifest)
    write_csv(manifest, rows.assign(start=[0.0, 0.3]))
    encoded.clear()
    writer.write_shard(manifest, 0, tar, tar.with_suffix(".csv"), MEDIA)
    assert encoded == ["1.mp4"]
    assert tar.read_bytes() != before


def test_a_kept_clip_that_has_rotted_is_not_used(
    tmp_path: Path, videos: Path, encoded: list[str]
) -> None:
    first = make(videos, tmp_path / "out")
    kept = tmp_path / "out/.shard_cache/00000.tar"
    content = bytearray(kept.read_bytes())
    at = content.index(b"mdat") + 200
    content[at] ^= 0xFF
    kept.write_bytes(bytes(content))
    encoded.clear()
    assert make(videos, tmp_path / "out") == first
    assert len(encoded) == 2  # the bad one too


def test_what_is_kept_takes_no_second_place_on_the_disk(tmp_path: Path, videos: Path) -> None:
    make(videos, tmp_path / "out")
    assert (tmp_path / "out/.shard_cache/00000.tar").samefile(tmp_path / "out/00000.tar")


def test_a_broken_record_of_what_is_kept_costs_time_and_nothing_else(
    tmp_path: Path, videos: Path, encoded: list[str]
) -> None:
    first = make(videos, tmp_path / "out")
    for content in (b"", b"id,made\n", b"\xff\x00"):
        (tmp_path / "out/.shard_cache/00000.csv").write_bytes(content)
        assert make(videos, tmp_path / "out") == first
    shutil.rmtree(tmp_path / "out/.shard_cache")
    assert make(videos, tmp_path / "out") == first
    assert len(encoded) == 25


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("video_offset", "-512"), ("video_offset", "1e300"), ("video_size", str(10**18)),
        ("audio_size", "nan"), ("width", "49"), ("frames", "many"), ("digest", "0" * 64),
    ],
)  # fmt: skip
def test_a_damaged_number_in_the_record_has_its_clip_made_anew(
    tmp_path: Path,
    videos: Path,
    encoded: list[str],
    caplog: pytest.LogCaptureFixture,
    column: str,
    value: str,
) -> None:
    first = make(videos, tmp_path / "out")
    record = tmp_path / "out/.shard_cache/00000.csv"
    rows = pd.read_csv(record, dtype=str)
    rows.loc[2, column] = value
    rows.to_csv(record, index=False)
    encoded.clear()
    assert make(videos, tmp_path / "out") == first
    assert len(encoded) == 2  # the bad one too
    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "00000.tar is damaged" in warnings[0]
    encoded.clear()
    assert make(videos, tmp_path / "out") == first
    assert encoded == ["bad.mp4"]  # and the record is whole again


def test_a_disk_without_hard_links(
    tmp_path: Path, videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    first = make(videos, tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    monkeypatch.setattr(os, "link", refuse)
    assert make(videos, tmp_path / "out") == first
    assert not list((tmp_path / "out/.shard_cache").glob("*"))
