"""Shards of clips with video, with audio, and with both: written, reused, imported and read."""

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
import torch

from selavi.config_file import parse
from selavi.data.dataset import Clips
from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.sampling import pass_batches
from selavi.data.schema import read_index, read_shard_table
from selavi.data.shards.import_shards import import_shard
from selavi.data.shards.reader import read_clip
from selavi.data.shards.writer import write_shard
from selavi.data.sources.table import Table
from selavi.evaluation.evaluate_degraded import degrade
from selavi.files import UserError, write_csv
from selavi.reporting.explorer.build import make_explorer
from selavi.settings import (
    AudioLevel,
    AudioSettings,
    Config,
    MediaSettings,
    RunSettings,
    VideoLevel,
    VideoSettings,
)
from tests.conftest import MEDIA
from tests.data.media.flashes import ffmpeg

EITHER = MediaSettings.model_validate(
    MEDIA.model_dump() | {"audio": "optional", "video": "optional"}
)
VIDEO = VideoSettings(frames=8, fps=8, crop=32, scale_min=32, scale_max=40)


def shard(folder: Path, media: MediaSettings = EITHER) -> Path:
    """Make manifest, shard and index of the table beside it, as the stages do; the index."""
    table = folder / "videos.csv"
    write_manifest(Table(folder, table, "none", 0.0, None), 1, folder / "manifest.csv")
    tar, rows = folder / "00000.tar", folder / "00000.csv"
    for path in (tar, rows):
        path.unlink(missing_ok=True)
    write_shard(folder / "manifest.csv", 0, tar, rows, media)
    write_index([rows], *(folder / f"{n}.csv" for n in ("index", "rejected", "summary")))
    return folder / "index.csv"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    """Index of a tone, a video with audio, and a mute video, in this order."""
    folder = tmp_path_factory.mktemp("mixed")
    song = "aevalsrc='between(t,1.2,1.8)*sin(2000*t)/2':duration=3:sample_rate=44100"
    ffmpeg("-f", "lavfi", "-i", song, str(folder / "a.mp3"))
    make_video(folder / "b.mp4", seconds=2)
    make_video(folder / "c.mp4", seconds=2, audio=False)
    write_csv(folder / "videos.csv", pd.DataFrame({"path": ["a.mp3", "b.mp4", "c.mp4"]}))
    return shard(folder)


def test_what_is_stored(mixed: Path) -> None:
    index = read_index(mixed)
    assert index["key"].tolist() == ["a.mp3", "b.mp4", "c.mp4"]
    assert index["width"].tolist() == [0, 72, 72]
    assert index["height"].tolist() == [0, 48, 48]
    assert (index["video_size"] > 0).tolist() == [False, True, True]
    assert (index["audio_size"] > 0).tolist() == [True, True, False]
    assert index["video_crc"].tolist()[0] == 0
    assert index["frames"].tolist()[0] == pytest.approx(3 * EITHER.fps, abs=2)
    with tarfile.open(mixed.parent / "00000.tar") as tar:
        names = [name.partition(".")[2] for name in tar.getnames()]
    assert names == ["json", "wav", "json", "mp4", "wav", "json", "mp4"]
    video, audio = read_clip(mixed.parent, index.iloc[0].to_dict())
    assert video == b""
    assert audio[:4] == b"RIFF"


def test_it_is_the_same_when_made_again(mixed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(mixed.parent, folder, ignore=shutil.ignore_patterns(".shard_cache"))
    before = (folder / "00000.tar").read_bytes()
    shard(folder)
    assert (folder / "00000.tar").read_bytes() == before


def test_unchanged_clips_are_reused(
    mixed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "again"
    shutil.copytree(mixed.parent, folder, copy_function=shutil.copy2)
    write_manifest(
        Table(mixed.parent, mixed.parent / "videos.csv", "none", 0.0, None), 1,
        folder / "manifest.csv",
    )  # fmt: skip
    before = (folder / "00000.tar").read_bytes()
    with caplog.at_level("INFO"):
        write_shard(folder / "manifest.csv", 0, folder / "00000.tar", folder / "00000.csv", EITHER)
    assert "3 videos: 3 written, 0 rejected, 3 reused" in caplog.text
    assert (folder / "00000.tar").read_bytes() == before
    required = MediaSettings.model_validate(EITHER.model_dump() | {"video": "required"})
    write_shard(folder / "manifest.csv", 0, folder / "00000.tar", folder / "00000.csv", required)
    table = read_shard_table(folder / "00000.csv")
    assert table["reason"].tolist() == ["no-video", "", ""]


def test_a_shard_of_our_own_is_imported(mixed: Path, tmp_path: Path) -> None:
    made = mixed.parent / "00000.tar"
    import_shard(str(made), tmp_path / "0.tar", tmp_path / "0.csv", EITHER)
    ours, theirs = (
        read_shard_table(path).set_index("key").drop(columns="path")
        for path in (mixed.parent / "00000.csv", tmp_path / "0.csv")
    )
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)
    with pytest.raises(UserError, match=r"clips without video; set media\.video: optional"):
        import_shard(
            str(made), tmp_path / "1.tar", tmp_path / "1.csv",
            EITHER.model_copy(update={"video": "required"}),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("sample", "facts", "detail"),
    [
        (0, {"samples": 0, "rate": 0}, "by its json it has neither video nor audio"),
        (0, {"width": 72}, "its json has height = 0, which is out of range"),
        (0, {"width": 72, "height": 48}, "the shard lacks"),
        (1, {"width": 0, "height": 0}, "by its json it has no video, and the shard has one"),
    ],
)
def test_a_json_that_says_otherwise(
    mixed: Path, tmp_path: Path, sample: int, facts: dict[str, int], detail: str
) -> None:
    name = read_index(mixed)["id"].iloc[sample]
    source = tmp_path / "00000.tar"
    with tarfile.open(mixed.parent / "00000.tar") as tar, tarfile.open(source, "w") as altered:
        for member in tar.getmembers():
            file = tar.extractfile(member)
            assert file
            content = file.read()
            if member.name == f"{name}.json":
                content = json.dumps(json.loads(content) | facts).encode()
                member.size = len(content)
            altered.addfile(member, io.BytesIO(content))
    import_shard(str(source), tmp_path / "0.tar", tmp_path / "0.csv", EITHER)
    row = read_shard_table(tmp_path / "0.csv").set_index("id").loc[name]
    assert row["reason"] == "damaged"
    assert detail in row["detail"]


def test_an_index_that_contradicts_itself(mixed: Path, tmp_path: Path) -> None:
    table = read_index(mixed)
    table.loc[0, "width"] = 64
    write_csv(tmp_path / "index.csv", table)
    with pytest.raises(UserError, match=r"a\.mp3 has width = 64 and video_size = 0; remove"):
        read_index(tmp_path / "index.csv")


def test_the_centre_view_of_audio_alone(mixed: Path) -> None:
    """Its tone sounds from 1.2 s to 1.8 s of 3 s, so in the middle of the middle second."""
    song = read_index(mixed).iloc[:1]
    clips = Clips(song, mixed.parent, VIDEO, AudioSettings(filters=40), ("audio",))
    [batch] = pass_batches(clips, batch_size=4)
    assert not batch.corrupt
    loudness = batch.of("audio")[0, 0].max(dim=0).values
    heard = torch.nonzero(loudness > loudness.max() - 5).flatten()
    assert (heard[0].item(), heard[-1].item()) == pytest.approx((19, 80), abs=3)


def test_a_run_that_needs_video_says_so(mixed: Path) -> None:
    with pytest.raises(UserError, match=r"1 of 3 clips .* have no video.*modalities: \[audio\]"):
        Clips(read_index(mixed), mixed.parent, VIDEO, AudioSettings(), ("video",))


def test_levels_of_video_skip_audio_alone(mixed: Path, tmp_path: Path) -> None:
    video = degrade(
        mixed, VideoLevel(short_side=24, crf=30), tmp_path / "v.tar", tmp_path / "v.csv"
    )
    assert video["key"].tolist() == ["b.mp4", "c.mp4"]
    audio = degrade(mixed, AudioLevel(kbps=16, rate=16_000), tmp_path / "a.tar", tmp_path / "a.csv")
    assert audio["key"].tolist() == ["a.mp3", "b.mp4"]
    assert audio["video_size"].tolist()[0] == 0


def test_the_page_shows_a_waveform(mixed: Path, tmp_path: Path) -> None:
    index = read_index(mixed)
    table = index[["sample", "id", "key", "path", "label"]].assign(
        detail="", cluster=[0, 0, 1], confidence=0.5
    )
    write_csv(tmp_path / "assigned.csv", table)
    make_explorer([(tmp_path / "assigned.csv", mixed)], tmp_path / "index.html", title="all")
    clip = tmp_path / "clips" / f"{index['id'].iloc[0]}.mp4"
    with av.open(str(clip)) as made:
        assert [s.codec_context.name for s in made.streams] == ["aac"]
        assert made.duration == pytest.approx(3e6, abs=1e5)  # microseconds
    with av.open(str(clip.with_suffix(".jpg"))) as still:
        [picture] = still.decode(video=0)
        brightness = picture.to_ndarray(format="gray")
    assert brightness.shape == (180, 320)
    rows = np.flatnonzero((brightness > 60).any(axis=1))
    assert 10 < len(rows) < 170  # the envelope of a tone that is not at full scale


def test_settings_that_contradict_each_other(tiny_run: Callable[..., RunSettings]) -> None:
    with pytest.raises(UserError, match="audio: none stores none"):
        parse({"video": "optional", "audio": "none"}, MediaSettings, "media")
    run = tiny_run().model_dump(exclude_defaults=True)
    datasets = {"demo": {"root": "videos", "splits": {"train": {}}, "media": {"video": "optional"}}}
    with pytest.raises(UserError, match=r"runs\.a uses video and .*video = optional"):
        parse({"datasets": datasets, "runs": {"a": run | {"dataset": "demo"}}}, Config, "all")
