"""The explorer's files: the right clips, whole and with sound; names as text; nothing stale."""

import io
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest

from selavi.cli import main
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.schema import read_index
from selavi.data.shards.decode import decode_samples
from selavi.data.shards.reader import read_member
from selavi.data.sources.clip_table import ClipTable
from selavi.data.sources.demo_dataset import make_demo_dataset
from selavi.files import UserError, write_csv
from selavi.reporting.explorer import make_explorer
from tests.conftest import MEDIA, make_split
from tests.reporting.pages import ids_of, read_column, run_of, stored_ids

HOSTILE = """</script><script>hacked=1</script><!--"'&amp;{{ 7*7 }}\\ \n é 漢字.mp4"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of six clips of two classes, beside their shard."""
    root = tmp_path_factory.mktemp("shards")
    make_demo_dataset(
        root / "videos", classes=2, train_per_class=3, test_per_class=0, bad_files=False, workers=1
    )
    return make_split(root / "videos" / "train", root, shards=1)


def assignments(index: Path, clusters: list[int], **changes: list[str]) -> Path:
    """A CSV as the assign stage writes it, the first clips of each cluster the most certain."""
    table = read_index(index)[["sample", "id", "key", "path", "label"]].assign(**changes)
    table["cluster"] = clusters
    table["confidence"] = table["margin"] = np.linspace(0.9, 0.4, len(table))
    table["video+audio_head0"] = clusters
    table["video+audio_head0_margin"] = table["margin"]
    csv = index.parent / "assignments.csv"
    write_csv(csv, table)
    return csv


def test_clips_have_the_shards_picture_and_sound(index: Path, tmp_path: Path) -> None:
    make_explorer([(assignments(index, [0] * 6), index)], tmp_path / "index.html", title="demo")
    for row in read_index(index).to_dict("records"):
        tar = index.parent / row["shard"]
        silent = read_member(tar, row["video_offset"], row["video_size"])
        sound = decode_samples(io.BytesIO(read_member(tar, row["audio_offset"], row["audio_size"])))
        clip = tmp_path / "clips" / f"{row['id']}.mp4"
        with av.open(str(clip)) as made, av.open(io.BytesIO(silent)) as source:
            assert [s.codec_context.name for s in made.streams] == ["h264", "aac"]
            assert made.duration == pytest.approx(2e6, abs=1e5)  # microseconds
            packets = [bytes(p) for p in made.demux(video=0)]
            assert packets == [bytes(p) for p in source.demux(video=0)]
        with av.open(str(clip)) as made:
            heard = np.concatenate([f.to_ndarray()[0] for f in made.decode(audio=0)])
        # Lossy coding leaves the course of the loudness, and that tells one clip from another.
        loudness = [np.abs(s[:31_744]).reshape(31, -1).mean(1) for s in (heard, sound / 32_768.0)]
        assert np.corrcoef(loudness)[0, 1] > 0.95
        with av.open(str(clip.with_suffix(".jpg"))) as still:
            assert (still.streams.video[0].width, still.streams.video[0].height) == (48, 48)
        head = clip.read_bytes()
        assert head.index(b"moov") < head.index(b"mdat")  # plays before it is read to its end


def test_of_a_long_clip_the_middle_is_stored_in_step(tmp_path: Path) -> None:
    """Brightness and loudness of the video are steps, which change together each second."""
    (tmp_path / "videos").mkdir()
    subprocess.run(
        [
            ffmpeg_binary(), "-loglevel", "error", "-f", "lavfi", "-i",
            "nullsrc=s=128x128:r=30:d=20,geq=lum='16+10*floor(T)':cb=128:cr=128", "-f", "lavfi",
            "-i", "aevalsrc='0.04*floor(t)*sin(2*PI*440*t)':s=24000:d=20", "-pix_fmt", "yuv420p",
            str(tmp_path / "videos/long.mp4"),
        ],
        check=True,
    )  # fmt: skip
    index = make_split(tmp_path / "videos", tmp_path, shards=1)
    page = tmp_path / "page/index.html"
    make_explorer([(assignments(index, [0]), index)], page, title="long")
    (clip,) = (page.parent / "clips").glob("*.mp4")
    with av.open(clip) as made:
        seen = {
            frame.time: frame.to_ndarray(format="yuv420p")[:64, :64].mean()
            for frame in made.decode(video=0)
        }
    with av.open(clip) as made:
        frames = list(made.decode(audio=0))
    assert 5.9 < max(seen) - min(seen) < 6.6
    assert frames[0].time is not None
    rate, begin = frames[0].sample_rate, frames[0].time
    heard = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    by_second: dict[int, list[float]] = {}
    for time, brightness in seen.items():
        around = round((time - begin) * rate)
        if 0.2 * rate <= around <= len(heard) - 0.2 * rate:  # coding fades in and out
            part = heard[around - round(0.05 * rate) : around + round(0.05 * rate)]
            second = float(part.std()) * 2**0.5 / 0.04
            if abs(second - round(second)) < 0.05:  # none in between
                by_second.setdefault(round(second), []).append(brightness)
    assert sorted(by_second) == list(range(7, 13))
    assert max(max(levels) - min(levels) for levels in by_second.values()) < 3
    assert np.diff([np.mean(by_second[second]) for second in range(7, 13)]).min() > 6
    peaks = read_column(page, "waves")[0]  # quieter at the start than at the end
    assert np.all(np.diff(peaks.astype(int)) >= -3)
    assert peaks[-1] > peaks[0] > 100


def test_clips_without_media_are_shown_by_their_keys(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("key\none\ntwo\nthree\n")
    tables = [tmp_path / name for name in ("index.csv", "rejected.csv", "summary.csv")]
    ClipTable(tmp_path / "clips.csv").write_index(*tables)
    make_explorer(
        [(assignments(tables[0], [0, 1, 1]), tables[0])], tmp_path / "index.html", title="bare"
    )
    page = tmp_path / "index.html"
    assert set(read_column(page, "keys")) == {"one", "two", "three"}
    assert read_column(page, "media").tolist() == [0, 0, 0]
    assert read_column(page, "waves").shape == (0, 48)
    assert list((tmp_path / "clips").iterdir()) == []


def test_mute_clips_are_shown_without_sound(index: Path, tmp_path: Path) -> None:
    mute = make_split(
        index.parent / "videos/train", tmp_path, shards=1,
        media=MEDIA.model_copy(update={"audio": "none"}),
    )  # fmt: skip
    page = tmp_path / "page/index.html"
    make_explorer([(assignments(mute, [0, 0, 0, 1, 1, 1]), mute)], page, title="mute")
    clips = sorted((page.parent / "clips").glob("*.mp4"))
    assert len(clips) == 6
    for clip in clips:
        with av.open(clip) as made:
            assert [stream.type for stream in made.streams] == ["video"]
            assert len(list(made.decode(video=0))) > 16
    assert not read_column(page, "waves").any()


def test_names_stay_text(index: Path, tmp_path: Path) -> None:
    names = [HOSTILE, *"bcdef"]
    table = assignments(index, [0, 0, 0, 1, 1, 1], key=names, path=names, label=names)
    page = tmp_path / "index.html"
    make_explorer([(table, index)], page, title=HOSTILE)
    html = page.read_text("utf-8")
    assert html.count("<script") == html.count("</script>") == 2
    assert "hacked=1</script>" not in html
    assert "<!--" not in html
    assert read_column(page, "keys") == names
    paths = read_column(page, "paths")
    assert [paths["prefix"] + rest for rest in paths["rest"]] == names
    assert set(run_of(page)["classes"]) == set(names)


def test_page_refers_to_its_folder_only(index: Path, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    make_explorer([(assignments(index, [0] * 6), index)], page, title="demo")
    html = page.read_text("utf-8")
    assert "http:" not in html
    assert "https:" not in html
    assert str(tmp_path) not in html


def test_shows_no_classes_where_there_are_none(index: Path, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    make_explorer([(assignments(index, [0] * 6, label=[""] * 6), index)], page, title="demo")
    assert run_of(page)["classes"] == []
    assert set(read_column(page, "class")) == {-1}
    assert "Purity" not in page.read_text("utf-8")


def test_removes_stale_clips_and_nothing_else(index: Path, tmp_path: Path) -> None:
    page, table = tmp_path / "index.html", assignments(index, [0] * 6)
    make_explorer([(table, index)], page, title="demo", clips_per_cluster=6)
    own = {path.name for path in (tmp_path / "clips").iterdir()}
    assert len(own) == 12
    (tmp_path / "clips" / "holiday.mp4").write_bytes(b"not ours")
    make_explorer([(table, index)], page, title="demo", clips_per_cluster=1)
    (shown,) = stored_ids(page)
    left = {path.name for path in (tmp_path / "clips").iterdir()}
    media = dict(zip(ids_of(page), read_column(page, "media").tolist(), strict=True))
    pictured = {f"{name}.jpg" for name, kind in media.items() if kind == 1}
    assert len(pictured) == 4
    assert left == {f"{shown}.mp4", f"{shown}.jpg", "holiday.mp4"} | pictured
    assert run_of(page)["media"]["pictures"] == 5
    again = tmp_path / "again" / "index.html"
    make_explorer([(table, index)], again, title="demo")
    for name in pictured:  # a picture alone is that of the clip
        whole = again.parent / "clips" / name
        assert (tmp_path / "clips" / name).read_bytes() == whole.read_bytes()


def test_threads_do_not_change_the_result(index: Path, tmp_path: Path) -> None:
    table = assignments(index, [0, 0, 0, 1, 1, 1])
    for threads in (1, 3):
        page = tmp_path / str(threads) / "index.html"
        make_explorer([(table, index)], page, title="demo", threads=threads)
    one, three = (
        {p.name: p.read_bytes() for p in (tmp_path / name).rglob("*/*.*")} for name in ("1", "3")
    )
    assert len(one) > 12
    assert one == three
    first, third = (run_of(tmp_path / name / "index.html") for name in ("1", "3"))
    assert first | {"made": ""} == third | {"made": ""}


def test_command_counts_empty_clusters(index: Path, tmp_path: Path) -> None:
    table, page = assignments(index, [0, 0, 0, 2, 2, 2]), tmp_path / "index.html"
    given = ["--assignments", str(table), "--index", str(index), "--output", str(page)]
    assert main(["explorer", *given, "--clusters", "4", "--threads", "2", "--title", "demo"]) == 0
    (view,) = run_of(page)["views"]
    assert view["clusters"] == 4
    assert read_column(page, "cluster-0").tolist() == [0, 0, 0, 2, 2, 2]


def test_keeps_the_earlier_page_if_a_clip_cannot_be_read(index: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the earlier page")
    shards = tmp_path / "shards"
    shards.mkdir()
    (shards / "index.csv").write_bytes(index.read_bytes())
    whole = (index.parent / "00000.tar").read_bytes()
    table = assignments(index, [0] * 6)
    row = read_index(index).iloc[0]
    first, size = int(row["video_offset"]), int(row["video_size"])
    for content, words in (
        (bytes(len(whole)), "00000.tar is not the tar this index was made of"),
        (whole[:first] + bytes(size) + whole[first + size :], "clip .* cannot be read"),
        (whole[: len(whole) // 2], "is shorter than its index says"),
    ):
        # A new file, since an open descriptor of the old one is kept.
        (shards / "00000.tar").unlink(missing_ok=True)
        (shards / "00000.tar").write_bytes(content)
        with pytest.raises(UserError, match=words):
            make_explorer([(table, shards / "index.csv")], tmp_path / "index.html", title="demo")
        shards = shards.rename(tmp_path / "moved")
    assert (tmp_path / "index.html").read_text() == "the earlier page"
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": [f"{n:016x}" for n in range(6)]}, "6 of the 6 clips in .* are not in"),
        ({"cluster": None}, "has no column 'cluster'"),
    ],
)
def test_says_what_is_wrong(
    index: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    csv = assignments(index, [0] * 6)
    table = pd.read_csv(csv).assign(**changes)
    write_csv(csv, table.drop(columns=[name for name, new in changes.items() if new is None]))
    with pytest.raises(UserError, match=words):
        make_explorer([(csv, index)], tmp_path / "index.html", title="demo")


@pytest.mark.parametrize("name", ["clips_per_cluster", "max_megabytes", "threads"])
def test_numbers_are_one_or_more(index: Path, tmp_path: Path, name: str) -> None:
    csv = assignments(index, [0] * 6)
    with pytest.raises(UserError, match=f"{name} is 0; it must be 1 or more"):
        make_explorer([(csv, index)], tmp_path / "index.html", title="demo", **{name: 0})  # type: ignore[arg-type]


def test_an_id_cannot_leave_the_folder(index: Path, tmp_path: Path) -> None:
    table = read_index(index)
    table.loc[0, "id"] = "../../evil"
    write_csv(index.parent / "evil.csv", table)
    csv = assignments(index, [0] * 6, id=table["id"].tolist())
    with pytest.raises(UserError, match="is not 16 hex digits"):
        make_explorer(
            [(csv, index.parent / "evil.csv")], tmp_path / "page" / "index.html", title="x"
        )
    assert not list(tmp_path.rglob("*"))
