import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import wave
from collections.abc import Callable
from pathlib import Path

import av
import pytest
import webdataset as wds

from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.media.encode import Normalised
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from selavi.data.schema import read_index
from selavi.data.shards import writer
from selavi.data.shards.reader import read_member
from selavi.data.shards.writer import write_shard
from selavi.data.sources.folder import Folder
from selavi.files import UserError, read_csv
from selavi.settings import MediaSettings
from tests.conftest import MEDIA, make_split


def rejected(index: Path) -> dict[str, str]:
    table = read_csv(index.parent / "rejected.csv", ("key", "reason", "detail"))
    assert (table["detail"].str.len() > 10).all()
    return {Path(k).name: r for k, r in zip(table["key"], table["reason"], strict=True)}


def test_every_bad_file_is_rejected_with_its_reason(train_index: Path) -> None:
    assert rejected(train_index) == {
        "broken_no_audio.mp4": "no-audio",
        "broken_truncated.mp4": "unreadable",
        "broken_zero_bytes.mp4": "empty-file",
        "broken_not_a_video.mp4": "unreadable",
        "broken_too_short.mp4": "too-short",
    }
    assert len(read_index(train_index)) == 24


def test_nothing_is_lost_or_doubled(train_index: Path, demo_videos: Path) -> None:
    files = {
        p.relative_to(demo_videos / "train").as_posix()
        for p in (demo_videos / "train").rglob("*.mp4")
    }
    kept = read_index(train_index)
    aside = read_csv(train_index.parent / "rejected.csv", ("key",))
    assert sorted([*kept["key"], *aside["key"]]) == sorted(files)
    assert kept["sample"].tolist() == list(range(len(kept)))


def test_a_sample_is_what_the_index_says(train_index: Path) -> None:
    index = read_index(train_index).set_index("id")
    tars = sorted(str(p) for p in train_index.parent.glob("*.tar"))
    samples = list(wds.WebDataset(tars, shardshuffle=False))
    assert {s["__key__"] for s in samples} == set(index.index)
    for sample in samples:
        row = index.loc[sample["__key__"]]
        facts = json.loads(sample["json"])
        assert (facts["key"], facts["label"]) == (row["key"], row["label"])
        tar = train_index.parent / row["shard"]
        assert read_member(tar, row["video_offset"], row["video_size"]) == sample["mp4"]
        assert read_member(tar, row["audio_offset"], row["audio_size"]) == sample["wav"]
        with av.open(io.BytesIO(sample["mp4"])) as video:
            stream = video.streams.video[0]
            assert not video.streams.audio
            assert (stream.width, stream.height) == (row["width"], row["height"]) == (48, 48)
            assert sum(1 for _ in video.decode(stream)) == row["frames"] == 32
        with wave.open(io.BytesIO(sample["wav"])) as sound:
            assert (sound.getframerate(), sound.getnchannels()) == (16000, 1)
            assert sound.getnframes() == row["samples"]


def test_names_in_a_tar_come_from_the_id_alone(train_index: Path) -> None:
    for path in train_index.parent.glob("*.tar"):
        with tarfile.open(path) as tar:
            for member in tar:
                name, _, suffix = member.name.partition(".")
                assert len(name) == 16 and int(name, 16) >= 0
                assert suffix in {"mp4", "wav", "json"}
                assert (member.mtime, member.uid, member.gid, member.mode) == (0, 0, 0, 0o644)


def test_a_shard_is_the_same_bytes_again(
    demo_videos: Path, train_index: Path, tmp_path: Path
) -> None:
    manifest = train_index.parent / "manifest.csv"
    write_shard(manifest, 1, tmp_path / "00001.tar", tmp_path / "00001.csv", MEDIA, threads=2)
    for name in ("00001.tar", "00001.csv"):
        assert (tmp_path / name).read_bytes() == (train_index.parent / name).read_bytes()


def test_few_videos_are_begun_behind_a_slow_one(
    train_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their clips would wait in memory."""
    manifest = train_index.parent / "manifest.csv"
    rows = read_csv(manifest, ("path",))
    paths = [Path(path) for path in rows.loc[rows["shard"] == 0, "path"]]
    begun: list[Path] = []
    many = threading.Event()

    def attempt(source: Segment, settings: MediaSettings, scratch: Path) -> Normalised:
        begun.append(source.path)
        if source.path == paths[0]:
            assert not many.wait(1)
        if len(begun) > 4:
            many.set()
        raise Rejected("decode-failed", "for the test")

    monkeypatch.setattr(writer, "normalise", attempt)
    write_shard(manifest, 0, tmp_path / "0.tar", tmp_path / "0.csv", MEDIA, threads=2)
    assert sorted(begun) == paths
    assert len(paths) > 4


def test_awkward_names_go_through(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    names = ["a b.mp4", "q'\"uote.mp4", "new\nline.mp4", "-dash.mp4", "ü%03d.mp4", "x:y.mp4"]
    for n, name in enumerate(names):
        make_video(tmp_path / "v" / name, hertz=300 + n)
    index = read_index(make_split(tmp_path / "v", tmp_path / "out", shards=1))
    assert sorted(index["key"]) == sorted(names)


@pytest.mark.parametrize(
    ("size", "expected"),
    [("96x64", (72, 48)), ("64x96", (48, 72)), ("40x30", (40, 30)), ("102x68", (72, 48))],
)
def test_the_short_side_is_bounded_and_the_aspect_kept(
    tmp_path: Path, make_video: Callable[..., Path], size: str, expected: tuple[int, int]
) -> None:
    clip = normalise(Segment(make_video(tmp_path / "a.mp4", size=size)), MEDIA, tmp_path)
    assert (clip.width, clip.height) == expected
    assert clip.frames == pytest.approx(1.6 * 16, abs=1)
    assert clip.samples == pytest.approx(1.6 * 16000, abs=200)


def test_a_rate_that_is_no_integer_gives_constant_frames(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    video = make_video(tmp_path / "a.mp4", fps="30000/1001", seconds=2)
    clip = normalise(Segment(video), MEDIA, tmp_path)
    assert clip.frames == pytest.approx(32, abs=1)


def test_the_first_of_several_sound_tracks_is_taken(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    one = make_video(tmp_path / "one.mp4")
    two = tmp_path / "two.mkv"
    command = [
        ffmpeg_binary(), "-v", "error", "-i", str(one), "-f", "lavfi", "-i", "sine=3000:duration=2",
        "-map", "0:v", "-map", "0:a", "-map", "1:a", "-c:v", "copy", str(two),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    clip = normalise(Segment(two), MEDIA, tmp_path)
    assert clip.samples == pytest.approx(1.6 * 16000, abs=1000)


def test_a_stuck_ffmpeg_is_ended(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    path = make_video(tmp_path / "long.mp4", seconds=30, size="640x480")
    with pytest.raises(Rejected) as caught:
        normalise(Segment(path), MediaSettings(timeout_seconds=0.01), tmp_path)
    assert caught.value.reason == "timeout"


def test_a_vanished_file_is_rejected(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    make_video(tmp_path / "v" / "stays.mp4")
    gone = make_video(tmp_path / "v" / "goes.mp4")
    write_manifest(Folder(tmp_path / "v"), 1, tmp_path / "m.csv")
    gone.unlink()
    table = write_shard(tmp_path / "m.csv", 0, tmp_path / "0.tar", tmp_path / "0.csv", MEDIA)
    assert table.set_index("key")["reason"].to_dict() == {"stays.mp4": "", "goes.mp4": "unreadable"}


def test_no_usable_video_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "a.mp4").write_bytes(b"")
    with pytest.raises(UserError, match="1 x empty-file"):
        make_split(tmp_path / "v", tmp_path / "out", shards=1)
    assert rejected(tmp_path / "out" / "index.csv") == {"a.mp4": "empty-file"}


def test_silent_videos_are_told_what_to_set(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    for n in range(7):
        make_video(tmp_path / "v" / f"{n}.mp4", audio=False)
    with pytest.raises(UserError) as caught:
        make_split(tmp_path / "v", tmp_path / "out", shards=1)
    assert str(caught.value).splitlines() == [
        "none of the 7 videos can be used: 7 x no-audio",
        *(f"  {n}.mp4: the file has no audio stream" for n in range(5)),
        "  and 2 more",
        "To train on silent videos, set the dataset's media.audio: none and the run's "
        "modalities: [video]",
    ]


def test_an_empty_shard_is_fine(tmp_path: Path, make_video: Callable[..., Path]) -> None:
    make_video(tmp_path / "v" / "a.mp4")
    assert len(read_index(make_split(tmp_path / "v", tmp_path / "out", shards=5))) == 1


def test_a_missing_stage_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist; run the stage that writes it"):
        write_index([tmp_path / "0.csv"], *(tmp_path / n for n in ("i.csv", "r.csv", "s.csv")))


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="needs root to mount")
def test_a_full_disk_is_said_and_nothing_half_written_stays(
    tmp_path: Path, demo_videos: Path, train_index: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=False
    )
    if mounted.returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        (tmp_path / "d.yaml").write_text("{short_side: 48, fps: 16, audio_rate: 16000}\n")
        done = subprocess.run(
            [
                sys.executable, "-m", "selavi", "shard", "--settings", str(tmp_path / "d.yaml"),
                "--manifest", str(train_index.parent / "manifest.csv"), "--shard", "0",
                "--tar", str(small / "0.tar"), "--table", str(small / "0.csv"),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        left = list(small.iterdir())
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert done.returncode == 1
    assert "no space left on the disk while writing" in done.stderr
    assert "Traceback" not in done.stderr
    assert left == []


def test_a_killed_shard_leaves_no_tar(tmp_path: Path, train_index: Path) -> None:
    code = (
        "import sys, os, signal\nfrom pathlib import Path\nimport selavi.data.shards.writer as s\n"
        "from tests.conftest import MEDIA\n"
        "real, seen = s._normalised, []\n"
        "def attempt(*a):\n"
        "    seen.append(1)\n"
        "    if len(seen) > 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*a)\n"
        "s._normalised = attempt\n"
        "s.write_shard(Path(sys.argv[1]), 0, Path(sys.argv[2]), Path(sys.argv[3]), MEDIA)\n"
    )
    arguments = [
        str(train_index.parent / "manifest.csv"),
        *(str(tmp_path / n) for n in ("0.tar", "0.csv")),
    ]
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=False)
    assert done.returncode == -9
    assert not (tmp_path / "0.tar").exists()
    write_shard(Path(arguments[0]), 0, tmp_path / "0.tar", tmp_path / "0.csv", MEDIA)
    for name in ("tar", "csv"):
        undisturbed = train_index.parent / f"00000.{name}"
        assert (tmp_path / f"0.{name}").read_bytes() == undisturbed.read_bytes()
